// A backup of this edge as one encrypted file, how old the newest is, and the notice of an edge that came back from one.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { doctorQuery, meQuery, queryClient } from "../../api/queries";
import type { DoctorLine } from "../../api/types";
import { t } from "../../text";
import { say, whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Sheet } from "../../ui/Sheet";
import { Refused } from "../../ui/States";
import { siteMay } from "../connect/ConnectPage";
import { DoctorRow } from "./DoctorRow";
import { download } from "./download";

export function Backup() {
  const { data: doctor } = useQuery(doctorQuery);
  const { data: me } = useQuery(meQuery);
  const [open, setOpen] = useState(false);
  const may = siteMay(me, "write-backup");
  const last = doctor?.find((line) => line.code === "backup.last");
  const notice = doctor?.find((line) => line.code === "backup.restored");
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("backup.title")}</h2>
        <span className="cap cut">{last && say(last.said, last.words)}</span>
        <span className="grow" />
        {may?.allowed === false ? <span className="cap">{whyNot(may)}</span> : <Button onClick={() => setOpen(true)}>{t("backup.write")}</Button>}
      </div>
      {notice ? <Notice line={notice} /> : <p className="outlet-none sub">{t("backup.text")}</p>}
      {open && <BackupSheet onClose={() => setOpen(false)} />}
    </section>
  );
}

function Notice({ line }: { line: DoctorLine }) {
  const read = useMutation({ mutationFn: () => client.PUT("/api/v1/backup/notice"), onSettled: () => queryClient.invalidateQueries({ queryKey: doctorQuery.queryKey }) });
  return (
    <>
      <ul className="doctor">
        <DoctorRow line={line} />
      </ul>
      <div className="site-file">
        <Refused problem={read.error && asProblem(read.error)} />
        <div className="go">
          <Button kind="primary" busy={read.isPending} onClick={() => read.mutate()}>
            {t("backup.read")}
          </Button>
        </div>
      </div>
    </>
  );
}

function BackupSheet({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState({ passphrase: "", again: "", because: "" });
  const put = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });
  const write = useMutation({
    mutationFn: () => download("/api/v1/backup", { passphrase: form.passphrase, because: form.because || undefined }, "edge.backup"),
    onSuccess: onClose,
    onSettled: () => queryClient.invalidateQueries({ queryKey: doctorQuery.queryKey }),
  });
  const differ = form.again !== "" && form.again !== form.passphrase;
  return (
    <Sheet title={t("backup.write")} onClose={onClose}>
      <p className="sub">{t("backup.sheet")}</p>
      <Field label={t("backup.passphrase")} value={form.passphrase} onChange={put("passphrase")} type="password" autoComplete="new-password" note={t("backup.passphraseNote")} />
      <Field label={t("backup.again")} value={form.again} onChange={put("again")} type="password" autoComplete="new-password" note={differ ? t("backup.differ") : undefined} />
      <Field label={t("action.because")} value={form.because} onChange={put("because")} maxLength={300} />
      <Refused problem={write.error && asProblem(write.error)} />
      <div className="go">
        <Button onClick={onClose}>{t("action.back")}</Button>
        <Button kind="primary" busy={write.isPending} disabled={form.passphrase === "" || form.again !== form.passphrase} onClick={() => write.mutate()}>
          {t("backup.write")}
        </Button>
      </div>
    </Sheet>
  );
}
