// The test while typing: starts when the typing pauses, then reads again so that values are live.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client } from "../../api/client";
import type { DeviceSettings } from "../../api/types";

const PAUSE_MS = 500;
const AGAIN_MS = 2_000;

function useSettled<V>(value: V): V {
  const key = JSON.stringify(value);
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(key ?? "null") as V), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [key]);
  return settled;
}

export function useDeviceTest(device: DeviceSettings | undefined, addresses: string[]) {
  const asked = useSettled({ device: device ?? null, addresses: addresses.slice(0, 500) });
  const target = asked.device ? { url: asked.device.url, timeout: asked.device.timeout } : null;
  return useQuery({
    queryKey: ["device-test", target, asked.addresses],
    queryFn: ({ signal }) => client.POST("/api/v1/devices/test", { body: { device: asked.device!, addresses: asked.addresses }, signal }),
    enabled: asked.device !== null,
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}
