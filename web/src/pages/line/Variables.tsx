// Product, recipe, phase: local variables of the line, shown in the head; a tap changes one.
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useConnection, useNow, useReading } from "../../api/hooks";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Tag } from "../../api/types";
import { localised, t } from "../../text";
import { whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Sheet } from "../../ui/Sheet";
import { Refused } from "../../ui/States";
import { Value } from "../../ui/Value";
import { valueText } from "../../ui/value";

type Scalar = boolean | number | string;

export function Variables({ variables }: { variables: Tag[] }) {
  const [open, setOpen] = useState<Tag>();
  const navigate = useNavigate();
  return (
    <>
      {variables.slice(0, 2).map((tag) => (
        <Variable key={tag.name} tag={tag} onOpen={() => (tag.kind === "variable" ? setOpen(tag) : void navigate({ to: "/connect/tags", search: { place: tag.place } }))} />
      ))}
      {open && <VariableSheet tag={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function Variable({ tag, onOpen }: { tag: Tag; onOpen: () => void }) {
  const reading = useReading(tag.name) ?? tag.latest;
  const lost = useConnection().state === "lost";
  const now = useNow(5000);
  return (
    <Button kind="quiet" className="variable" onClick={onOpen}>
      <span className="sub">{localised(tag.label)}</span> <Value reading={reading} tag={tag} now={now} lost={lost} noteAt="none" />
    </Button>
  );
}

function VariableSheet({ tag, onClose }: { tag: Tag; onClose: () => void }) {
  const reading = useReading(tag.name) ?? tag.latest;
  const [value, setValue] = useState(valueText(reading.value));
  const [because, setBecause] = useState("");
  const asScalar = (text: string): Scalar => (tag.value_type === "text" ? text : tag.value_type === "bool" ? text === t("value.true") : Number(text.replace(",", ".")));
  const set = useMutation({
    mutationFn: () => client.PUT("/api/v1/variables/{name}", { params: { path: { name: tag.name } }, body: { value: asScalar(value), because: because.trim() || undefined } }),
    onSuccess: onClose,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["tags"] }),
  });
  const options = tag.value_type === "bool" ? [t("value.true"), t("value.false")] : tag.options;
  const allowed = tag.permission?.allowed ?? true;
  return (
    <Sheet title={localised(tag.label)} onClose={onClose}>
      {options && options.length > 0 ? (
        <div className="picks">
          {options.map((option) => (
            <Button key={option} aria-pressed={value === option} onClick={() => setValue(option)}>
              {option}
            </Button>
          ))}
        </div>
      ) : (
        <Field label={t("variable.value")} value={value} onChange={(event) => setValue(event.target.value)} />
      )}
      <Field label={t("action.because")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} />
      {!allowed && <p className="sub">{whyNot(tag.permission)}</p>}
      <Refused problem={set.error && asProblem(set.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.back")}</Button>
        <Button kind="primary" disabled={!allowed} busy={set.isPending} onClick={() => set.mutate()}>
          {t("variable.set")}
        </Button>
      </div>
    </Sheet>
  );
}
