// Short names for the generated shapes. Nothing is described twice: `npm run gen` makes schema.d.ts from openapi.json.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type About = Schemas["About"];
export type Me = Schemas["Me"];
export type Reading = Schemas["Reading"];
export type Permission = Schemas["Permission"];
export type Place = Schemas["Place"];
export type Tag = Schemas["Tag"];
export type TagSettings = Schemas["TagSettings"];
export type Trend = Schemas["Trend"];
export type TrendSeries = Schemas["TrendSeries"];
export type Device = Schemas["Device"];
export type DeviceLoad = Schemas["DeviceLoad"];
export type ScanTime = Schemas["ScanTime"];
export type DeviceDetail = Schemas["DeviceDetail"];
export type DeviceSettings = Schemas["DeviceSettings"];
export type DeviceTest = Schemas["DeviceTest"];
export type AddressValue = Schemas["AddressValue"];
export type Deployment = Schemas["Deployment"];
export type DeploymentDetail = Schemas["DeploymentDetail"];
export type Runtime = Schemas["Runtime"];
export type SignalNow = Schemas["SignalNow"];
export type Rung = Schemas["Rung"];
export type Contribution = Schemas["Contribution"];
export type Advisory = Schemas["Advisory"];
export type Advisories = Schemas["Advisories"];
export type Change = Schemas["Change"];
export type Bundle = Schemas["Bundle"];
export type BundleDetail = Schemas["BundleDetail"];
export type Finding = Schemas["Finding"];
export type Outlet = Schemas["Outlet"];
export type DoctorLine = Schemas["DoctorLine"];
export type NeMark = Schemas["Mark"];
