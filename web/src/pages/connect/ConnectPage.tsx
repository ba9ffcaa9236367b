// Connect: the devices this edge reads from, each with its state in words.
import { Link, useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useNow } from "../../api/hooks";
import { asProblem } from "../../api/problem";
import { devicesQuery, meQuery } from "../../api/queries";
import type { Device, Me } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { t, word } from "../../text";
import { say, whyNot } from "../../text/said";
import { moment, number } from "../../text/format";
import { Fragment } from "react";
import { Button } from "../../ui/Button";
import { Mark } from "../../ui/Mark";
import { Icon } from "../../ui/Icon";
import { Empty, Failure, Skeleton } from "../../ui/States";
import { loadSentence } from "./load";
import { addressOf, deviceMark, deviceSentence, keptShare, shareText } from "./state";
import "../../ui/table.css";
import "./connect.css";

/** What the server says about an action on the whole site. */
export function siteMay(me: Me | undefined, action: string) {
  return me?.permissions.find((one) => one.action === action);
}

export function ConnectPage() {
  useTrail({ text: t("nav.connect") });
  const devices = useQuery(devicesQuery);
  const { data: me } = useQuery(meQuery);
  const may = siteMay(me, "configure");
  const add = (
    <Link className="btn primary" to="/connect/add">
      <Icon name="plus" />
      {t("connect.add")}
    </Link>
  );
  const empty = devices.data?.length === 0;
  return (
    <div className="page">
      <div className="head">
        <h1>{t("nav.connect")}</h1>
        <p className="sub">{t("connect.what")}</p>
        <span className="grow" />
        <Link className="btn" to="/connect/tags">
          {t("connect.tags")}
        </Link>
        {may?.allowed === false ? (
          <>
            <p className="cap why-not">{whyNot(may)}</p>
            <Button disabled>
              <Icon name="plus" />
              {t("connect.add")}
            </Button>
          </>
        ) : (
          !empty && add
        )}
      </div>
      <section className="panel">
        {devices.isLoadingError ? (
          <Failure problem={asProblem(devices.error)} onRetry={() => void devices.refetch()} />
        ) : !devices.data ? (
          <Skeleton rows={3} height={56} />
        ) : empty ? (
          <Empty title={t("connect.none")} action={may?.allowed === false ? undefined : add}>
            {t("connect.noneText")}
          </Empty>
        ) : (
          <DeviceTable devices={devices.data} />
        )}
      </section>
    </div>
  );
}

function DeviceTable({ devices }: { devices: Device[] }) {
  const now = useNow(1000);
  const navigate = useNavigate();
  return (
    <div className="wide-table">
      <table className="devices">
        <thead>
          <tr>
            <th>{t("connect.device")}</th>
            <th>{t("connect.state")}</th>
            <th className="r">{t("connect.scans")}</th>
            <th className="r">{t("connect.values")}</th>
            <th>{t("connect.lastError")}</th>
          </tr>
        </thead>
        <tbody>
          {devices.map((device) => {
            const mark = deviceMark(device);
            const share = keptShare(device);
            const late = device.groups.reduce((sum, group) => sum + group.day.late + group.day.missed, 0);
            return (
              <Fragment key={device.name}>
                <tr className={`tap ${device.load.overloaded ? "with-load" : ""}`} onClick={() => void navigate({ to: "/connect/device/$name", params: { name: device.name } })}>
                  <td>
                    <Link className="dev-n" to="/connect/device/$name" params={{ name: device.name }}>
                      <b>{device.name}</b>
                      <span className="cap">
                        {word("protocol", device.protocol)} · {addressOf(device.url)}
                      </span>
                    </Link>
                  </td>
                  <td className={mark === "f" ? "bad" : ""}>
                    <span className="row">
                      {mark && <Mark name={mark} />}
                      <span>{deviceSentence(device, now)}</span>
                    </span>
                  </td>
                  <td className="r nw">
                    {share === undefined ? "\u2013" : shareText(share)}
                    {late > 0 && <span className="cap block">{t("connect.late", { n: late })}</span>}
                  </td>
                  <td className="r nw">
                    {number(device.values_per_second, device.values_per_second < 10 ? 1 : 0)} <span className="u">/s</span>
                    <span className="cap block">{t("connect.tagCount", { n: device.tags })}</span>
                  </td>
                  <td className="sub">{device.last_error ? t("connect.errorAt", { time: moment(device.last_error.at_ms, now), what: say(device.last_error.said, device.last_error.words) }) : "\u2013"}</td>
                </tr>
                {device.load.overloaded && (
                  <tr className="load">
                    <td colSpan={5}>{loadSentence(device)}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
