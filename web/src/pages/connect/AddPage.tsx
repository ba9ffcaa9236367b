// Add device: one page. What is typed is tried at once; values are live beside every address; nothing is written to the machine.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, type DragEvent } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { deviceQuery, meQuery, placesQuery, queryClient, siteQuery, tagsQuery } from "../../api/queries";
import type { DeviceSettings } from "../../api/types";
import { rememberedLine } from "../../app/preferences";
import { useTrail } from "../../app/crumbs";
import { t } from "../../text";
import { whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { siteMay } from "./ConnectPage";
import { AddressTable, isOdd } from "./AddressTable";
import { DeviceForm, type Typed } from "./DeviceForm";
import { ImportBox, sourceOf } from "./ImportBox";
import { SaveBar } from "./SaveBar";
import { TestPanel } from "./TestPanel";
import { deviceNameOf, draftsOf, mergeRows, urlOf, withValues, type Row } from "./draft";
import { slug } from "./parse";
import { useDeviceTest } from "./useDeviceTest";
import { useImported, type Source } from "./useImported";
import { useTagCheck } from "./useTagCheck";
import "./add.css";

export function AddPage() {
  const { device: existing } = useSearch({ from: "/connect/add" });
  const known = useQuery({ ...deviceQuery(existing ?? ""), enabled: existing !== undefined });
  if (existing && !known.data) return null;
  return <Add key={existing ?? "new"} existing={known.data?.settings} />;
}

/** So many addresses are read at once; of a longer list those in sight are. */
const LIVE = 500;
const nothing: readonly never[] = [];

function Add({ existing }: { existing: DeviceSettings | undefined }) {
  useTrail({ text: t("nav.connect"), to: "/connect" }, ...(existing ? [{ text: existing.name, to: `/connect/device/${existing.name}` }] : []), { text: existing ? t("device.addTags") : t("connect.add") });
  const navigate = useNavigate();
  const may = siteMay(useQuery(meQuery).data, "configure");
  const places = useQuery(placesQuery);
  const tags = useQuery(tagsQuery());
  const site = useQuery(siteQuery);
  const [typed, setTyped] = useState<Typed>({ protocol: "modbus-tcp", address: "", unit: "1", name: "", period: "1s", place: existing?.place ?? rememberedLine() ?? undefined });
  const [source, setSource] = useState<Source>({ text: "" });
  const [dropping, setDropping] = useState(false);
  const [ofDevice, setOfDevice] = useState<string>();
  const [seen, setSeen] = useState<string[]>([]);
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
  const { data: imported, reading, error } = useImported(source);
  // of several devices in one text: the one chosen, else the one whose address this page has, else the first
  const devices = imported?.devices ?? nothing;
  const chosenDevice = ofDevice !== undefined && (ofDevice === "" || devices.some((one) => one.name === ofDevice)) ? ofDevice : (devices.find((one) => one.url === url) ?? devices[0])?.name;
  const tagsOfDevice = useMemo(() => (imported?.tags ?? nothing).filter((tag) => devices.length === 0 || (tag.device ?? "") === (chosenDevice ?? "")), [imported, devices, chosenDevice]);
  useEffect(() => setRows((old) => mergeRows(old, tagsOfDevice)), [tagsOfDevice]);
  const some = rows.length > LIVE;
  const addresses = useMemo(() => {
    const inSight = new Set(seen);
    return rows.filter((row) => !some || inSight.has(row.key)).map((row) => row.address);
  }, [rows, some, seen]);
  const test = useDeviceTest(device, addresses);
  useEffect(() => {
    if (test.data) setRows((old) => withValues(old, test.data.values));
  }, [test.data]);

  const taken = useMemo(() => new Set(tags.data?.map((tag) => tag.name)), [tags.data]);
  const drafts = useMemo(() => draftsOf(rows, name, place, taken), [rows, name, place, taken]);
  const findings = useTagCheck(name, url ?? "", drafts);
  // a name that was taken got a number, which a person should see
  const names = useMemo(() => new Map(drafts.filter(({ renamed }) => renamed).map(({ key, tag }) => [key, tag.name.split("/").pop()!])), [drafts]);
  const chosen = drafts;
  const looks = rows.filter((row) => isOdd(row, findings)).length;
  const stops = drafts.filter(({ key }) => findings.get(key)?.some((finding) => finding.level === "stop")).length;
  const found = devices.find((one) => one.name === chosenDevice);
  const onTake = !existing && found?.url && found.url !== url ? () => setTyped({ ...typed, address: found.url!, name: typed.name || slug(found.name).replace(/_/g, "-") }) : undefined;
  const open = useCallback((next: Source) => {
    setSource(next);
    setOfDevice(undefined);
  }, []);
  const drop = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setDropping(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node) || !event.currentTarget.contains(event.relatedTarget)) setDropping(false);
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setDropping(false);
      const file = event.dataTransfer.files[0];
      if (file) void sourceOf(file).then(open);
    },
  };
  const save = useMutation({
    mutationFn: () => client.POST("/api/v1/devices", { body: { device: device!, tags: drafts.map((draft) => draft.tag), based_on: site.data?.head ?? 0, because: t("add.because") } }),
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
      <section className={`panel add-right ${dropping ? "dropping" : ""}`} {...drop}>
        <ImportBox source={source} onSource={open} imported={imported} reading={reading} error={error} device={chosenDevice} onDevice={setOfDevice} onTake={onTake} />
        <AddressTable rows={rows} findings={findings} names={names} onRows={setRows} some={some} onSeen={setSeen} />
        {dropping && <p className="drop-here">{t("import.dropNow")}</p>}
      </section>
      <SaveBar
        ready={device !== undefined}
        refused={may?.allowed === false ? whyNot(may) : undefined}
        test={test.data}
        chosen={chosen.length}
        looks={looks}
        stops={stops}
        some={some}
        place={place}
        places={places.data ?? []}
        onPlace={(chosenPlace) => setTyped({ ...typed, place: chosenPlace })}
        period={device?.period ?? "1s"}
        problem={save.error ? asProblem(save.error) : undefined}
      >
        <Button kind="primary" className="save-btn" disabled={!device || may?.allowed === false || !site.data || stops > 0 || (existing !== undefined && chosen.length === 0)} busy={save.isPending} onClick={() => save.mutate()}>
          {chosen.length > 0 ? t("add.save", { n: chosen.length }) : t("add.saveDevice")}
        </Button>
      </SaveBar>
    </div>
  );
}
