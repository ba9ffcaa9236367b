// One device: how it is, what it says, which requests it takes, what went wrong.
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { live, useNow } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { deviceQuery, devicesQuery, meQuery, placesQuery, queryClient, siteQuery, tagsQuery } from "../../api/queries";
import type { Device, DeviceDetail, Tag } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { t, word } from "../../text";
import { say, whyNot } from "../../text/said";
import { moment, number, short, span } from "../../text/format";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Sheet } from "../../ui/Sheet";
import { Empty, Failure, Refused, Skeleton } from "../../ui/States";
import { siteMay } from "./ConnectPage";
import { TagSheet } from "./TagSheet";
import { TagTable } from "./TagTable";
import { loadSentence, time } from "./load";
import { addressOf, deviceMark, deviceSentence } from "./state";
import "./connect.css";

export function DevicePage() {
  const { name } = useParams({ from: "/connect/device/$name" });
  useTrail({ text: t("nav.connect"), to: "/connect" }, { text: name });
  const detail = useQuery(deviceQuery(name));
  const list = useQuery(devicesQuery);
  const tags = useQuery(tagsQuery({ device: name }));
  useEffect(() => {
    if (tags.data) live.seed(tags.data.map((tag) => tag.latest));
  }, [tags.data]);
  if (detail.isLoadingError) return <Failure problem={asProblem(detail.error)} onRetry={() => void detail.refetch()} />;
  if (!detail.data) return <Skeleton rows={4} height={80} />;
  // the list is kept fresh by the live feed; the detail is asked for now and then
  const device = list.data?.find((one) => one.name === name) ?? detail.data.device;
  return <DeviceView device={device} detail={detail.data} tags={tags.data} />;
}

function DeviceView({ device, detail, tags }: { device: Device; detail: DeviceDetail; tags: Tag[] | undefined }) {
  const now = useNow(1000);
  const { data: me } = useQuery(meQuery);
  const [removing, setRemoving] = useState(false);
  const [editing, setEditing] = useState<Tag>();
  const mark = deviceMark(device);
  const configure = siteMay(me, "configure");
  const may = configure?.allowed !== false;
  return (
    <div className="page">
      <div className="head">
        <h1>{device.name}</h1>
        <p className="sub">
          {word("protocol", device.protocol)} · {addressOf(device.url)}
        </p>
        <span className="grow" />
        {!may && configure && (
          <>
            <p className="cap why-not">{whyNot(configure)}</p>
            <Button disabled>
              <Icon name="plus" />
              {t("device.addTags")}
            </Button>
          </>
        )}
        {may && (
          <>
            <Button kind="quiet" onClick={() => setRemoving(true)}>
              {t("device.remove")}
            </Button>
            <Link className="btn" to="/connect/add" search={{ device: device.name }}>
              <Icon name="plus" />
              {t("device.addTags")}
            </Link>
          </>
        )}
      </div>
      <section className={`panel state-bar ${mark === "f" ? "bad" : mark === "s" ? "look" : ""}`} role="status">
        {mark ? <Mark name={mark} size={24} /> : <Icon name={device.state.kind === "reading" ? "ok" : "connect"} size={24} />}
        <span>
          <b className="block">{deviceSentence(device, now)}</b>
          {device.state.kind !== "not-answering" && loadSentence(device)}
        </span>
      </section>
      <div className="dev-grid">
        <section className="panel" aria-label={t("connect.tags")}>
          {!tags ? (
            <Skeleton rows={6} />
          ) : tags.length === 0 ? (
            <Empty title={t("device.noTags")} action={may && <Link className="btn primary" to="/connect/add" search={{ device: device.name }}>{t("device.addTags")}</Link>}>
              {t("device.noTagsText")}
            </Empty>
          ) : (
            <TagTable tags={tags} second="address" onEdit={may ? setEditing : undefined} />
          )}
        </section>
        <DeviceSide device={device} detail={detail} now={now} />
      </div>
      {removing && <RemoveSheet name={device.name} tags={device.tags} onClose={() => setRemoving(false)} />}
      {editing && <TagSheet tag={editing} onClose={() => setEditing(undefined)} />}
    </div>
  );
}

function DeviceSide({ device, detail, now }: { device: Device; detail: DeviceDetail; now: number }) {
  const { budget } = device;
  const places = useQuery(placesQuery);
  return (
    <div className="dev-side">
      <section className="panel">
        <div className="ph">
          <h2>{t("device.scans")}</h2>
        </div>
        {device.groups.map((group) => (
          <dl className="facts" key={group.period_ms}>
            <dt>{t("device.every", { age: span(group.period_ms) })}</dt>
            <dd>{t("device.group", { n: group.tags, requests: t("device.requests", { n: group.blocks }) })}</dd>
            <dt>{t("device.kept")}</dt>
            <dd>{t("device.keptOf", { kept: number(group.day.kept), late: number(group.day.late), missed: number(group.day.missed) })}</dd>
            <dt>{t("device.worst")}</dt>
            <dd>{time(Math.round(group.day.worst_ms))}</dd>
            <dt>{t("device.took")}</dt>
            <dd>{group.took_ms == null ? "\u2013" : t("format.ms", { value: number(group.took_ms, 1) })}</dd>
          </dl>
        ))}
        <dl className="facts">
          <dt>{t("device.budget")}</dt>
          <dd>{t("device.budgetOf", { n: budget.connections, rate: number(budget.requests_per_second) })}</dd>
          {budget.used_percent != null && (
            <>
              <dt>{t("device.used")}</dt>
              <dd>{t("format.percent", { value: short(budget.used_percent) })}</dd>
            </>
          )}
          {device.load.line_percent != null && (
            <>
              <dt>{t("device.lineUse")}</dt>
              <dd>{t("device.lineUseOf", { line: number(device.load.line_percent), device: number(device.load.device_percent ?? 0) })}</dd>
            </>
          )}
          {(device.load.silent_percent ?? 0) >= 1 && (
            <>
              <dt>{t("device.silentUse")}</dt>
              <dd>{t("format.percent", { value: number(device.load.silent_percent ?? 0) })}</dd>
            </>
          )}
          <dt>{t("device.address")}</dt>
          <dd>{device.state.address || addressOf(device.url)}</dd>
          <dt>{t("device.place")}</dt>
          <dd>{places.data?.find((one) => one.path === device.place)?.name ?? (device.place || t("who.wholeSite"))}</dd>
        </dl>
      </section>
      <section className="panel">
        <div className="ph">
          <h2>{t("device.plan")}</h2>
          <span className="cap">{t("device.planCount", { n: detail.blocks.length })}</span>
        </div>
        <ul className="plan">
          {detail.blocks.map((block) => (
            <li key={`${block.words}${block.period_ms}`}>
              <span>{say(block.said, block.words)}</span>
              <span className="sub">{t("device.every", { age: span(block.period_ms) })}</span>
              <span className="cap">{t("device.brings", { n: block.brings.length })}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="panel">
        <div className="ph">
          <h2>{t("device.errors")}</h2>
        </div>
        {detail.errors.length === 0 ? (
          <p className="sub more">{t("device.noErrors")}</p>
        ) : (
          <ul className="errs">
            {detail.errors.slice(0, 12).map((error) => (
              <li key={`${error.at_ms}${error.words}`}>
                <span>{say(error.said, error.words)}</span>
                <span className="sub">{moment(error.at_ms, now)}</span>
                {error.times > 1 && <span className="cap">{t("device.inRow", { n: error.times })}</span>}
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function RemoveSheet({ name, tags, onClose }: { name: string; tags: number; onClose: () => void }) {
  const navigate = useNavigate();
  const site = useQuery(siteQuery);
  const [because, setBecause] = useState("");
  const remove = useMutation({
    mutationFn: () => client.DELETE("/api/v1/devices/{name}", { params: { path: { name }, query: { based_on: site.data?.head ?? 0, because: because.trim() || undefined } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ["devices"] });
      await navigate({ to: "/connect" });
    },
  });
  return (
    <Sheet title={t("device.removeTitle", { name })} onClose={onClose}>
      <p>{t("device.removeText", { n: tags })}</p>
      <Field label={t("action.because")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} autoFocus />
      <Refused problem={remove.error && asProblem(remove.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.back")}</Button>
        <Button kind="primary" busy={remove.isPending} disabled={because.trim() === "" || !site.data} onClick={() => remove.mutate()}>
          {t("device.remove")}
        </Button>
      </div>
    </Sheet>
  );
}
