// The picture of a line: its machines as grey blocks in flow order, each with its key values and its worst mark.
import { Link } from "@tanstack/react-router";
import { useConnection, useNow, useReading } from "../../api/hooks";
import type { Place, Reading, Tag, TrendSeries } from "../../api/types";
import { localised, t, word } from "../../text";
import { Mark, type MarkName } from "../../ui/Mark";
import { Spark } from "../../ui/Spark";
import { Value } from "../../ui/Value";
import { viewOf } from "../../ui/value";
import { Machine } from "./symbols";
import "./picture.css";

interface PictureProps {
  machines: Place[];
  tags: Map<string, Tag>;
  /** The last hour of key values, by tag. */
  sparks: Map<string, TrendSeries>;
  /** Tags that the advice stands on. */
  abnormal: ReadonlySet<string>;
}

export function LinePicture({ machines, tags, sparks, abnormal }: PictureProps) {
  return (
    <section className={`panel flow ${machines.length > 4 ? "many" : ""}`} style={{ gridTemplateColumns: `repeat(${machines.length}, minmax(${machines.length > 6 ? "176px" : "0"}, 1fr))` }} aria-label={t("line.picture")}>
      {machines.map((machine) => (
        <MachineBlock key={machine.path} machine={machine} tags={tags} sparks={sparks} abnormal={abnormal} />
      ))}
    </section>
  );
}

/** The share of its range that a level tag is at: drawn as content of a tank. Percent or metres, whatever has a range. */
function levelOf(machine: Place, tags: Map<string, Tag>, reading: Reading | undefined): number | undefined {
  const tag = tags.get(machine.key_tags[0] ?? "");
  if (!tag || (machine.picture !== "tank" && machine.picture !== "vessel") || !/level|niveau|stand|lvl/i.test(tag.name)) return undefined;
  if (typeof reading?.value !== "number") return undefined;
  const [low, high] = tag.range ?? [0, 100];
  return (reading.value - low) / (high - low || 1);
}

function MachineBlock({ machine, tags, sparks, abnormal }: Omit<PictureProps, "machines"> & { machine: Place }) {
  const first = useReading(machine.key_tags[0]);
  return (
    <section className="mach" aria-label={machine.name}>
      <header>
        <h3 className="cut">{machine.name}</h3>
        {machine.mark && (
          <span className={`mk ${machine.mark.letter.toLowerCase()}`} title={machine.mark.words}>
            <Mark name={machine.mark.letter.toLowerCase() as MarkName} label={machine.mark.words} />
            <b aria-hidden="true">{machine.mark.letter}</b>
            <span className="w">{word("ne107", machine.mark.letter)}</span>
          </span>
        )}
      </header>
      <div className="sym">
        <Machine picture={machine.picture ?? "machine"} level={levelOf(machine, tags, first)} />
        <svg className="arr" viewBox="0 0 12 14" aria-hidden="true">
          <path d="M0 0l12 7-12 7z" fill="var(--machine-e)" />
        </svg>
      </div>
      <ul>
        {machine.key_tags.slice(0, 3).map((name) => (
          <KeyValue key={name} name={name} tag={tags.get(name)} spark={sparks.get(name)} abnormal={abnormal.has(name)} />
        ))}
      </ul>
    </section>
  );
}

function KeyValue({ name, tag, spark, abnormal }: { name: string; tag: Tag | undefined; spark: TrendSeries | undefined; abnormal: boolean }) {
  const reading = useReading(name);
  const lost = useConnection().state === "lost";
  const now = useNow(1000);
  const view = viewOf(reading, tag, now, lost);
  const label = tag ? localised(tag.label) : name.split("/").pop();
  const points = spark?.mean ?? [];
  return (
    <li>
      <Link to="/trend" search={{ tags: name }} className={`kv ${abnormal && view.look === "good" ? "ab" : ""} ${view.look} ${view.note ? "two" : ""}`}>
        <span className="kv-l">
          {abnormal && view.look === "good" && <Mark name="advisory" size={16} label={t("line.drivesAdvice")} />}
          <span>{label}</span>
        </span>
        <Spark points={points} low={tag?.normal?.[0]} high={tag?.normal?.[1]} abnormal={abnormal} stale={view.look === "stale"} missing={view.look === "bad"} />
        <Value reading={reading} tag={tag} now={now} lost={lost} />
      </Link>
    </li>
  );
}
