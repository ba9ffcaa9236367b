// The language of this screen, for somebody who is not signed in yet.
import { chooseLanguage } from "../../app/preferences";
import { currentLanguage, t } from "../../text";
import { Seg } from "../../ui/Seg";

export function LanguageChoice() {
  return (
    <Seg
      label={t("who.language")}
      value={currentLanguage()}
      options={[
        { value: "en", text: t("who.en") },
        { value: "de", text: t("who.de") },
      ]}
      onChange={chooseLanguage}
    />
  );
}
