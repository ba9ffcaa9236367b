// Accounts and line terminals. Passwords are set here, at the site, and nowhere else.
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, placesQuery, queryClient } from "../../api/queries";
import { t, word } from "../../text";
import { whyNot } from "../../text/said";
import { clock, moment } from "../../text/format";
import { Button } from "../../ui/Button";
import { Choice, Field } from "../../ui/Field";
import { Sheet } from "../../ui/Sheet";
import { Failure, Refused, Skeleton } from "../../ui/States";
import { siteMay } from "../connect/ConnectPage";
import "../../ui/table.css";

const accountsQuery = queryOptions({ queryKey: ["accounts"], queryFn: () => client.GET("/api/v1/accounts") });

export function Accounts() {
  const accounts = useQuery(accountsQuery);
  const { data: me } = useQuery(meQuery);
  const now = useNow(60_000);
  const [open, setOpen] = useState<"account" | "terminal">();
  const may = siteMay(me, "manage-accounts");
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("accounts.title")}</h2>
        <span className="grow" />
        {may?.allowed === false ? (
          <span className="cap">{whyNot(may)}</span>
        ) : (
          <>
            <Button onClick={() => setOpen("terminal")}>{t("accounts.addTerminal")}</Button>
            <Button onClick={() => setOpen("account")}>{t("accounts.add")}</Button>
          </>
        )}
      </div>
      {accounts.isLoadingError ? (
        <Failure problem={asProblem(accounts.error)} onRetry={() => void accounts.refetch()} />
      ) : !accounts.data ? (
        <Skeleton rows={2} />
      ) : (
        <table>
          <thead>
            <tr>
              <th>{t("accounts.name")}</th>
              <th>{t("accounts.role")}</th>
              <th className="r">{t("accounts.seen")}</th>
            </tr>
          </thead>
          <tbody>
            {accounts.data.map((account) => (
              <tr key={account.name}>
                <td>
                  <b>{account.label}</b> <span className="sub">{account.name === account.label ? "" : account.name}</span>
                </td>
                <td>{word("role", account.role)}</td>
                <td className="r sub">{account.last_seen_ms == null ? t("accounts.never") : moment(account.last_seen_ms, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open === "account" && <AccountSheet onClose={() => setOpen(undefined)} />}
      {open === "terminal" && <TerminalSheet onClose={() => setOpen(undefined)} />}
    </section>
  );
}

function AccountSheet({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState({ name: "", label: "", password: "", because: "" });
  const put = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });
  const add = useMutation({
    mutationFn: () => client.POST("/api/v1/accounts", { body: { name: form.name, label: form.label || undefined, password: form.password, role: "owner", because: form.because || undefined } }),
    onSuccess: onClose,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["accounts"] }),
  });
  return (
    <Sheet title={t("accounts.add")} onClose={onClose}>
      <Field label={t("signIn.name")} value={form.name} onChange={put("name")} autoCapitalize="none" />
      <Field label={t("accounts.label")} value={form.label} onChange={put("label")} />
      <Field label={t("signIn.password")} value={form.password} onChange={put("password")} type="password" autoComplete="new-password" note={t("firstRun.passwordNote")} />
      <Field label={t("action.because")} value={form.because} onChange={put("because")} maxLength={300} />
      <Refused problem={add.error && asProblem(add.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.back")}</Button>
        <Button kind="primary" busy={add.isPending} disabled={form.name === "" || form.password.length < 10} onClick={() => add.mutate()}>
          {t("accounts.add")}
        </Button>
      </div>
    </Sheet>
  );
}

function TerminalSheet({ onClose }: { onClose: () => void }) {
  const places = useQuery(placesQuery);
  const [form, setForm] = useState({ name: "", place: "", because: "" });
  const put = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });
  const add = useMutation({ mutationFn: () => client.POST("/api/v1/terminals", { body: { name: form.name, place: form.place, because: form.because || undefined } }) });
  return (
    <Sheet title={t("accounts.addTerminal")} onClose={onClose}>
      {add.data ? (
        <>
          <p>{t("accounts.openThere", { time: clock(add.data.until_ms) })}</p>
          <p className="code">{location.origin + add.data.path}</p>
        </>
      ) : (
        <>
          <p className="sub">{t("accounts.terminalText")}</p>
          <Field label={t("accounts.terminalName")} value={form.name} onChange={put("name")} placeholder={t("accounts.terminalExample")} />
          <Choice label={t("accounts.terminalPlace")} value={form.place} onChange={put("place")}>
            <option value="">{t("who.wholeSite")}</option>
            {(places.data ?? []).filter((one) => one.path !== "").map((one) => (
              <option key={one.path} value={one.path}>
                {one.name}
              </option>
            ))}
          </Choice>
          <Field label={t("action.because")} value={form.because} onChange={put("because")} maxLength={300} />
        </>
      )}
      <Refused problem={add.error && asProblem(add.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.close")}</Button>
        {!add.data && (
          <Button kind="primary" busy={add.isPending} disabled={form.name === ""} onClick={() => add.mutate()}>
            {t("accounts.addTerminal")}
          </Button>
        )}
      </div>
    </Sheet>
  );
}
