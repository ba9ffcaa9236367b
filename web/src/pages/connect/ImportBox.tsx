// Where the tags come from: typed, pasted, or a file opened or dropped; which device of it; and what was not understood.
import { useRef, type ClipboardEvent } from "react";
import { asProblem } from "../../api/problem";
import type { Imported } from "../../api/types";
import { t } from "../../text";
import { Button } from "../../ui/Button";
import { Choice } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Refused } from "../../ui/States";
import { Report } from "./Report";
import { RunOfAddresses } from "./RunOfAddresses";
import { isWhole, type Source } from "./useImported";

interface ImportBoxProps {
  source: Source;
  onSource: (source: Source) => void;
  imported: Imported | undefined;
  reading: boolean;
  error: unknown;
  /** The device of the text whose tags are shown; none = those without one. */
  device: string | undefined;
  onDevice: (device: string) => void;
  /** Takes the address of that device; none = there is nothing to take. */
  onTake: (() => void) | undefined;
}

/** A file as a source. Lists of older programs are not UTF-8. */
export async function sourceOf(file: File): Promise<Source> {
  const bytes = await file.arrayBuffer();
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), file: file.name };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), file: file.name };
  }
}

const formats = { auto: "import.isList", list: "import.isList", "node-red": "import.isNodeRed", kepware: "import.isKepware" } as const;

export function ImportBox({ source, onSource, imported, reading, error, device, onDevice, onTake }: ImportBoxProps) {
  const picker = useRef<HTMLInputElement>(null);
  const whole = isWhole(source);
  // a long text never goes through the box: browsers take seconds to put thousands of lines into one
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData("text/plain");
    if (!isWhole({ text })) return;
    event.preventDefault();
    onSource({ text: /^\s*[[{]/.test(text) ? text : [source.text.trimEnd(), text].filter(Boolean).join("\n") });
  };
  return (
    <div className="addr">
      <label className="cap" htmlFor="addresses">
        {t("import.box")}
      </label>
      {whole ? (
        <div className="import-card">
          <b className="cut">{source.file ?? t("import.pasted")}</b>
          <span className="cap" aria-live="polite">
            {reading || !imported ? t("import.reading") : `${t(formats[imported.format])} · ${t("import.found", { n: imported.tags.length })}`}
          </span>
          <Button kind="quiet" onClick={() => onSource({ text: "" })}>
            {t("import.left")}
          </Button>
        </div>
      ) : (
        <textarea id="addresses" className="in" value={source.text} onChange={(event) => onSource({ text: event.target.value })} onPaste={paste} placeholder={t("add.listExample")} spellCheck={false} wrap="off" aria-describedby="addresses-how" />
      )}
      <div className="import-file row">
        <Button onClick={() => picker.current?.click()}>
          <Icon name="plus" size={16} />
          {t("import.file")}
        </Button>
        <span className="cap">{t("import.drop")}</span>
        <input
          ref={picker}
          type="file"
          hidden
          tabIndex={-1}
          aria-hidden="true"
          accept=".csv,.tsv,.txt,.json"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) void sourceOf(file).then(onSource);
          }}
        />
      </div>
      <div className="import-said" tabIndex={0} role="group" aria-label={t("import.report")}>
        {imported && imported.devices.length > 0 && <DeviceOfText imported={imported} device={device} onDevice={onDevice} onTake={onTake} />}
        {error !== undefined && error !== null ? <Refused problem={asProblem(error)} /> : imported ? <Report imported={imported} /> : <p className="cap" id="addresses-how">{t("import.how")}</p>}
      </div>
      <RunOfAddresses
        onAdd={(lines) => {
          if (!whole) onSource({ text: [source.text.trimEnd(), ...lines].filter(Boolean).join("\n") });
        }}
        disabled={whole}
      />
    </div>
  );
}

function DeviceOfText({ imported, device, onDevice, onTake }: Pick<ImportBoxProps, "device" | "onDevice" | "onTake"> & { imported: Imported }) {
  const count = (name: string | undefined) => imported.tags.filter((tag) => (tag.device ?? undefined) === name).length;
  const found = imported.devices.find((one) => one.name === device);
  const others = imported.devices.length - 1;
  return (
    <div className="import-device">
      <Choice label={t("import.device")} value={device ?? ""} onChange={(event) => onDevice(event.target.value)}>
        {imported.devices.map((one) => (
          <option key={one.name} value={one.name}>
            {t("import.deviceTags", { name: one.name, n: count(one.name) })}
          </option>
        ))}
        {count(undefined) > 0 && <option value="">{t("import.deviceTags", { name: t("import.noDevice"), n: count(undefined) })}</option>}
      </Choice>
      {found?.url && onTake && (
        <Button onClick={onTake} className="take">
          {t("import.takeAddress", { address: found.url.replace(/^[\w+-]+:\/\//, "") })}
        </Button>
      )}
      {others > 0 && <p className="cap">{t("import.otherDevices", { n: others })}</p>}
    </div>
  );
}
