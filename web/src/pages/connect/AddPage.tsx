// Add device: one page. What is typed is tried at once; values are live beside every address; nothing is written to the machine.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { deviceQuery, placesQuery, queryClient, siteQuery, tagsQuery } from "../../api/queries";
import type { DeviceSettings } from "../../api/types";
import { rememberedLine } from "../../app/preferences";
import { useTrail } from "../../app/crumbs";
import { t } from "../../text";
import { Button } from "../../ui/Button";
import { AddressList } from "./AddressList";
import { AddressTable } from "./AddressTable";
import { DeviceForm, type Typed } from "./DeviceForm";
import { SaveBar } from "./SaveBar";
import { TestPanel } from "./TestPanel";
import { deviceNameOf, effective, mergeRows, tagsOf, urlOf, withValues, type Row } from "./draft";
import { misfit } from "./guess";
import { parseList } from "./parse";
import { useDeviceTest } from "./useDeviceTest";
import "./add.css";

export function AddPage() {
  const { device: existing } = useSearch({ from: "/connect/add" });
  const known = useQuery({ ...deviceQuery(existing ?? ""), enabled: existing !== undefined });
  if (existing && !known.data) return null;
  return <Add key={existing ?? "new"} existing={known.data?.settings} />;
}

function Add({ existing }: { existing: DeviceSettings | undefined }) {
  useTrail({ text: t("nav.connect"), to: "/connect" }, ...(existing ? [{ text: existing.name, to: `/connect/device/${existing.name}` }] : []), { text: existing ? t("device.addTags") : t("connect.add") });
  const navigate = useNavigate();
  const places = useQuery(placesQuery);
  const tags = useQuery(tagsQuery());
  const site = useQuery(siteQuery);
  const [typed, setTyped] = useState<Typed>({ protocol: "modbus-tcp", address: "", unit: "1", name: "", period: "1s", place: existing?.place ?? rememberedLine() ?? undefined });
  const [list, setList] = useState("");
  // nobody has chosen a place yet: the first line there is
  const firstLine = places.data?.find((one) => one.level === "line")?.path;
  const place = typed.place ?? firstLine ?? "";
  const [rows, setRows] = useState<Row[]>([]);

  const url = existing?.url ?? urlOf(typed.protocol, typed.address, typed.unit);
  const name = existing?.name ?? (typed.name.trim() || deviceNameOf(url));
  const device: DeviceSettings | undefined = useMemo(
    () => existing ?? (url ? { name, url, place: place || undefined, period: typed.period } : undefined),
    [existing, url, name, place, typed.period],
  );
  const parsed = useMemo(() => parseList(list), [list]);
  useEffect(() => setRows((old) => mergeRows(old, parsed.rows)), [parsed]);
  const addresses = useMemo(() => parsed.rows.map((row) => row.address), [parsed]);
  const test = useDeviceTest(device, addresses);
  useEffect(() => {
    if (test.data) setRows((old) => withValues(old, test.data.values));
  }, [test.data]);

  const chosen = rows.filter((row) => row.chosen);
  const looks = chosen.filter((row) => {
    const { unit, factor, range } = effective(row);
    return row.latest?.quality === "bad" || misfit(row.latest?.value, factor, unit, range) !== undefined;
  }).length;
  const save = useMutation({
    mutationFn: () => {
      const taken = new Set(tags.data?.map((tag) => tag.name));
      return client.POST("/api/v1/devices", { body: { device: device!, tags: tagsOf(rows, name, place, taken), based_on: site.data?.head ?? 0, because: t("add.because") } });
    },
    onSuccess: async () => {
      await Promise.all(["devices", "tags", "site", "places"].map((key) => queryClient.invalidateQueries({ queryKey: [key] })));
      await navigate({ to: "/connect/device/$name", params: { name } });
    },
    onError: () => queryClient.invalidateQueries({ queryKey: ["site"] }),
  });

  return (
    <div className="add-page">
      <div className="head add-head">
        <h1>{existing ? t("add.titleTags", { name: existing.name }) : t("connect.add")}</h1>
        <p className="sub">{t("add.readingOnly")}</p>
        <span className="grow" />
        <Link className="btn quiet" to={existing ? "/connect/device/$name" : "/connect"} params={{ name: existing?.name ?? "" }}>
          {t("action.cancel")}
        </Link>
      </div>
      <div className="add-left">
        {!existing && <DeviceForm typed={typed} suggested={deviceNameOf(url)} onChange={setTyped} />}
        <TestPanel test={test.data} asking={test.isFetching} problem={test.error ? asProblem(test.error) : undefined} ready={device !== undefined} looks={looks} />
      </div>
      <section className="panel add-right">
        <AddressList list={list} onList={setList} left={parsed.left} />
        <AddressTable rows={rows} onRows={setRows} />
      </section>
      <SaveBar
        test={test.data}
        chosen={chosen.length}
        looks={looks}
        place={place}
        places={places.data ?? []}
        onPlace={(chosenPlace) => setTyped({ ...typed, place: chosenPlace })}
        period={device?.period ?? "1s"}
        problem={save.error ? asProblem(save.error) : undefined}
      >
        <Button kind="primary" className="save-btn" disabled={!device || !site.data || (existing !== undefined && chosen.length === 0)} busy={save.isPending} onClick={() => save.mutate()}>
          {chosen.length > 0 ? t("add.save", { n: chosen.length }) : t("add.saveDevice")}
        </Button>
      </SaveBar>
    </div>
  );
}
