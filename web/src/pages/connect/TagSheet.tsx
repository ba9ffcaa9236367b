// The settings of one tag: name for people, unit, scale, range, normal band. Saved with a reason.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient, siteQuery, tagSettingsQuery } from "../../api/queries";
import type { Tag, TagSettings } from "../../api/types";
import { localised, t } from "../../text";
import { Button } from "../../ui/Button";
import { Choice, Field } from "../../ui/Field";
import { Sheet } from "../../ui/Sheet";
import { Failure, Refused, Skeleton } from "../../ui/States";
import { numberOf, pairOf, pairText } from "./parse";
import "./tag-sheet.css";

export function TagSheet({ tag, onClose }: { tag: Tag; onClose: () => void }) {
  const settings = useQuery(tagSettingsQuery(tag.name));
  return (
    <Sheet title={localised(tag.label) || tag.name} onClose={onClose}>
      {settings.isLoadingError ? <Failure problem={asProblem(settings.error)} /> : settings.data ? <TagForm settings={settings.data} onClose={onClose} /> : <Skeleton rows={4} />}
    </Sheet>
  );
}

function TagForm({ settings, onClose }: { settings: TagSettings; onClose: () => void }) {
  const site = useQuery(siteQuery);
  const [form, setForm] = useState({
    label: settings.label ?? "",
    address: settings.address,
    unit: settings.unit ?? "",
    factor: settings.scale?.factor == null ? "" : String(settings.scale.factor),
    offset: settings.scale?.offset == null ? "" : String(settings.scale.offset),
    range: pairText(settings.range),
    normal: pairText(settings.normal),
    deadband: settings.deadband == null ? "" : String(settings.deadband),
    write: settings.write ?? "never",
    because: "",
  });
  const put = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });
  const twoPoint = settings.scale?.raw != null;
  const save = useMutation({
    mutationFn: () =>
      client.PUT("/api/v1/tags", {
          body: {
            based_on: site.data?.head ?? 0,
            because: form.because.trim() || undefined,
            tags: [
              {
                ...settings,
                label: form.label || undefined,
                address: form.address,
                unit: form.unit || undefined,
                scale: twoPoint ? settings.scale : form.factor || form.offset ? { factor: numberOf(form.factor) ?? 1, offset: numberOf(form.offset) ?? 0 } : undefined,
                range: pairOf(form.range),
                normal: pairOf(form.normal),
                deadband: numberOf(form.deadband),
                write: form.write,
              },
            ],
          },
        }),
    onSuccess: onClose,
    onSettled: () => Promise.all([queryClient.invalidateQueries({ queryKey: ["tags"] }), queryClient.invalidateQueries({ queryKey: ["site"] })]),
  });
  return (
    <form
      className="tag-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <p className="cap wide">{settings.name}</p>
      <Field label={t("tag.label")} value={form.label} onChange={put("label")} />
      <Field label={t("tag.address")} value={form.address} onChange={put("address")} />
      <Field label={t("tag.unit")} value={form.unit} onChange={put("unit")} />
      <Field label={t("tag.deadband")} value={form.deadband} onChange={put("deadband")} inputMode="decimal" />
      {!twoPoint && <Field label={t("tag.factor")} value={form.factor} onChange={put("factor")} inputMode="decimal" placeholder="1" />}
      {!twoPoint && <Field label={t("tag.offset")} value={form.offset} onChange={put("offset")} inputMode="decimal" placeholder="0" />}
      <Field label={t("tag.range")} value={form.range} onChange={put("range")} placeholder={t("tag.rangeExample")} />
      <Field label={t("tag.normal")} value={form.normal} onChange={put("normal")} placeholder={t("tag.rangeExample")} />
      <Choice label={t("tags.write")} value={form.write} onChange={put("write")}>
        <option value="never">{t("tags.never")}</option>
        <option value="guarded">{t("tags.guarded")}</option>
      </Choice>
      <Field label={t("action.because")} value={form.because} onChange={put("because")} maxLength={300} />
      <div className="wide">
        <Refused problem={save.error && asProblem(save.error)} />
      </div>
      <div className="go wide">
        <Button onClick={onClose}>{t("action.back")}</Button>
        <Button kind="primary" type="submit" busy={save.isPending} disabled={!site.data}>
          {t("tag.save")}
        </Button>
      </div>
    </form>
  );
}
