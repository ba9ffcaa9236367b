// Protocol, address, unit number, name. Only the address has to be typed.
import { t } from "../../text";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";

export interface Typed {
  protocol: string;
  address: string;
  unit: string;
  name: string;
  period: string;
  /** None: nobody has chosen one yet. */
  place: string | undefined;
}

const protocols = ["modbus-tcp", "modbus-rtu-tcp", "modbus-rtu"] as const;

export function DeviceForm({ typed, suggested, onChange }: { typed: Typed; suggested: string; onChange: (typed: Typed) => void }) {
  const put = (name: keyof Typed) => (event: { target: { value: string } }) => onChange({ ...typed, [name]: event.target.value });
  const serial = typed.protocol === "modbus-rtu";
  return (
    <section className="panel add-form">
      <div>
        <span className="cap" id="protocol">
          {t("add.protocol")}
        </span>
        <div className="pro" role="group" aria-labelledby="protocol">
          {protocols.map((protocol) => (
            <Button key={protocol} aria-pressed={typed.protocol === protocol} onClick={() => onChange({ ...typed, protocol })}>
              {t(`protocol.${protocol}`)}
            </Button>
          ))}
        </div>
      </div>
      <div className="two-one">
        <Field label={t("add.address")} value={typed.address} onChange={put("address")} placeholder={t(serial ? "add.addressSerial" : "add.addressTcp")} autoFocus inputMode="url" />
        <Field label={t("add.unitNumber")} value={typed.unit} onChange={put("unit")} inputMode="numeric" />
      </div>
      <div className="two-one">
        <Field label={t("add.name")} value={typed.name} onChange={put("name")} placeholder={suggested} />
        <Field label={t("add.period")} value={typed.period} onChange={put("period")} />
      </div>
    </section>
  );
}
