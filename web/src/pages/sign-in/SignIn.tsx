// Sign in with a name and a password, or with a one-time code from the address (`/enter/…`).
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, queryClient } from "../../api/queries";
import type { About } from "../../api/types";
import { t } from "../../text";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Refused } from "../../ui/States";
import { LanguageChoice } from "./LanguageChoice";

/** The one-time code of an address such as `/enter/abc` or `/sign-in?code=abc`. */
export function codeOf(path: string, search: string): string | undefined {
  return /^\/enter\/([^/]+)/.exec(path)?.[1] ?? (path === "/sign-in" ? (new URLSearchParams(search).get("code") ?? undefined) : undefined);
}

export function SignIn({ about }: { about: About }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code] = useState(() => codeOf(location.pathname, location.search));
  const signIn = useMutation({
    mutationFn: (body: { name?: string; password?: string; code?: string }) => client.POST("/api/v1/session", { body }),
    onSuccess: (me) => {
      // the code is spent: it must not stay in the address
      if (code) return location.replace("/line");
      queryClient.setQueryData(meQuery.queryKey, me);
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    if (code) mutate({ code });
  }, [code, mutate]);
  return (
    <main className="gate">
      <form
        className="panel"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate({ name, password });
        }}
      >
        <div className="row">
          <span className="brand">{t("app.name")}</span>
          <span className="grow" />
          <LanguageChoice />
        </div>
        <h1>{t("signIn.title", { site: about.site })}</h1>
        <Field label={t("signIn.name")} value={name} onChange={(event) => setName(event.target.value)} autoComplete="username" autoCapitalize="none" autoFocus />
        <Field label={t("signIn.password")} value={password} onChange={(event) => setPassword(event.target.value)} type="password" autoComplete="current-password" />
        <Refused problem={signIn.error && asProblem(signIn.error)} />
        <Button kind="primary" type="submit" busy={signIn.isPending} disabled={name === "" || password === ""}>
          {t("signIn.do")}
        </Button>
        <p className="cap">{t("signIn.forgot")}</p>
      </form>
    </main>
  );
}
