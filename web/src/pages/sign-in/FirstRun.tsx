// The first owner: once, with the code that the edge printed when it started.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { aboutQuery, meQuery, queryClient } from "../../api/queries";
import type { About } from "../../api/types";
import { t } from "../../text";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Refused } from "../../ui/States";
import { LanguageChoice } from "./LanguageChoice";

const LEAST = 10;

export function FirstRun({ about }: { about: About }) {
  const [form, setForm] = useState({ code: new URLSearchParams(location.search).get("code") ?? "", name: "", label: "", password: "", again: "" });
  const put = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });
  const make = useMutation({
    mutationFn: () => client.POST("/api/v1/first-run", { body: { code: form.code.trim(), name: form.name.trim(), label: form.label.trim() || undefined, password: form.password } }),
    onSuccess: async (me) => {
      queryClient.setQueryData(meQuery.queryKey, me);
      await queryClient.invalidateQueries({ queryKey: aboutQuery.queryKey });
    },
  });
  const short = form.password !== "" && form.password.length < LEAST;
  const differs = form.again !== "" && form.again !== form.password;
  return (
    <main className="gate">
      <form
        className="panel"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <div className="row">
          <span className="brand">{t("app.name")}</span>
          <span className="grow" />
          <LanguageChoice />
        </div>
        <h1>{t("firstRun.title", { site: about.site })}</h1>
        <p className="sub">{t("firstRun.text")}</p>
        <Field label={t("firstRun.code")} value={form.code} onChange={put("code")} note={t("firstRun.codeNote")} autoFocus />
        <Field label={t("signIn.name")} value={form.name} onChange={put("name")} autoComplete="username" autoCapitalize="none" note={t("firstRun.nameNote")} />
        <Field label={t("accounts.label")} value={form.label} onChange={put("label")} autoComplete="name" note={t("firstRun.labelNote")} />
        <Field label={t("signIn.password")} value={form.password} onChange={put("password")} type="password" autoComplete="new-password" note={t("firstRun.passwordNote")} error={short ? t("firstRun.short") : undefined} />
        <Field label={t("firstRun.again")} value={form.again} onChange={put("again")} type="password" autoComplete="new-password" error={differs ? t("firstRun.differs") : undefined} />
        <Refused problem={make.error && asProblem(make.error)} />
        <Button kind="primary" type="submit" busy={make.isPending} disabled={form.code === "" || form.name === "" || form.password.length < LEAST || form.again !== form.password}>
          {t("firstRun.do")}
        </Button>
      </form>
    </main>
  );
}
