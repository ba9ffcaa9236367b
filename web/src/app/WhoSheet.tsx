// Who is signed in; language and light of this screen; sign out.
import { useMutation } from "@tanstack/react-query";
import { client } from "../api/client";
import { asProblem } from "../api/problem";
import { queryClient } from "../api/queries";
import type { Me } from "../api/types";
import { LanguageChoice } from "../pages/sign-in/LanguageChoice";
import { t, word } from "../text";
import { Button } from "../ui/Button";
import { Seg } from "../ui/Seg";
import { Sheet } from "../ui/Sheet";
import { Refused } from "../ui/States";
import { chooseTheme, theme } from "./preferences";
import { useState } from "react";

export function WhoSheet({ me, onClose }: { me: Me | undefined; onClose: () => void }) {
  const [light, setLight] = useState(theme());
  const signOut = useMutation({
    mutationFn: () => client.DELETE("/api/v1/session"),
    onSuccess: () => {
      queryClient.clear();
      location.assign("/");
    },
  });
  return (
    <Sheet title={me?.label || t("who.nobody")} onClose={onClose}>
      {me && <p className="sub">{t("who.role", { role: word("role", me.role), place: me.place || t("who.wholeSite") })}</p>}
      <div className="row">
        <span className="grow">{t("who.language")}</span>
        <LanguageChoice />
      </div>
      <div className="row">
        <span className="grow">{t("who.light")}</span>
        <Seg
          label={t("who.light")}
          value={light}
          options={[
            { value: "auto", text: t("who.auto") },
            { value: "light", text: t("who.bright") },
            { value: "dark", text: t("who.dark") },
          ]}
          onChange={(value) => {
            chooseTheme(value);
            setLight(value);
          }}
        />
      </div>
      <Refused problem={signOut.error && asProblem(signOut.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.close")}</Button>
        {me && (
          <Button onClick={() => signOut.mutate()} busy={signOut.isPending}>
            {t("who.signOut")}
          </Button>
        )}
      </div>
    </Sheet>
  );
}
