//! A site's configuration → what runs: lines with their devices and scan groups. Pure; two equal plans need no restart.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use config::site::{Device, SiteConfig, Tag};
use domain::Problem;
use drivers::{DeviceUrl, Limits};

/// One connection: everything behind the same serial port or the same gateway.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinePlan {
    /// Its addresses in words; lines with the same key are the same line.
    pub key: String,
    /// Where it is reached, the redundant addresses after the first.
    pub addresses: Vec<DeviceUrl>,
    /// The units behind it.
    pub devices: Vec<DevicePlan>,
}

/// One device of a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DevicePlan {
    /// As configured.
    pub device: Device,
    /// Its URL, understood.
    pub url: DeviceUrl,
    /// What it can take.
    pub limits: Limits,
    /// Its tags by period, the fastest first.
    pub groups: Vec<GroupPlan>,
}

/// Tags of one device that are read together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupPlan {
    /// How often.
    pub period: Duration,
    /// In the order of the file. Shared: a plan is held by whoever runs it and by whoever compares it.
    pub tags: Vec<Arc<Tag>>,
}

/// All lines of a site. A device whose URL cannot be understood runs nothing and is told as a problem; the others run.
pub(crate) fn lines(site: &SiteConfig) -> (Vec<LinePlan>, Vec<Problem>) {
    let mut lines: Vec<LinePlan> = Vec::new();
    let mut problems = Vec::new();
    let mut tags: HashMap<&str, Vec<&Arc<Tag>>> = HashMap::new();
    for tag in &site.tags {
        tags.entry(&tag.device).or_default().push(tag);
    }
    for device in &site.devices {
        match device_plan(device, tags.get(device.name.as_str()).map_or(&[], Vec::as_slice)) {
            Ok((addresses, plan)) => {
                let key = addresses.iter().map(|url| url.line_key().to_string()).collect::<Vec<_>>().join(" or ");
                match lines.iter_mut().find(|line| line.key == key) {
                    Some(line) => line.devices.push(plan),
                    None => lines.push(LinePlan { key, addresses, devices: vec![plan] }),
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    (lines, problems)
}

fn device_plan(device: &Device, tags: &[&Arc<Tag>]) -> Result<(Vec<DeviceUrl>, DevicePlan), Problem> {
    let addresses: Vec<DeviceUrl> =
        device.urls().map(str::parse).collect::<Result<_, _>>().map_err(|problems: domain::Problems| {
            let first = problems.0.into_iter().next();
            first.unwrap_or_else(|| Problem::new("url.malformed", &device.name, "the device URL cannot be understood"))
        })?;
    let url = addresses.first().cloned().ok_or_else(|| Problem::new("url.missing", &device.name, "no URL"))?;
    let mut by_period: BTreeMap<Duration, Vec<Arc<Tag>>> = BTreeMap::new();
    for tag in tags {
        let period = tag.period.unwrap_or(device.period).get();
        by_period.entry(period).or_default().push(Arc::clone(tag));
    }
    let groups = by_period.into_iter().map(|(period, tags)| GroupPlan { period, tags }).collect();
    Ok((addresses, DevicePlan { device: device.clone(), url, limits: limits(device), groups }))
}

/// What a device can take, as its plan wants it said.
pub(crate) fn limits(device: &Device) -> Limits {
    Limits {
        timeout: device.timeout.get(),
        pause: device.pause.get(),
        max_block: device.max_block,
        holes: if device.read_holes { Limits::HOLES } else { 0 },
    }
    .with_requests_per_second(device.budget.requests_per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(text: &str) -> SiteConfig {
        toml::from_str(&format!("[site]\nname = \"t\"\n{text}")).unwrap()
    }

    #[test]
    fn units_behind_one_gateway_share_a_line_and_other_gateways_do_not() {
        let site = site(concat!(
            "[[device]]\nname='a'\nurl='modbus-tcp://10.0.0.1/1'\n[[device]]\nname='b'\nurl='modbus-tcp://10.0.0.1/2'\n",
            "[[device]]\nname='c'\nurl='modbus-tcp://10.0.0.2/1'\n"
        ));
        let (lines, problems) = lines(&site);
        assert!(problems.is_empty());
        assert_eq!(lines.iter().map(|line| line.devices.len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn tags_of_one_period_are_one_scan_group() {
        let site = site(concat!(
            "[[device]]\nname='a'\nurl='modbus-tcp://10.0.0.1/1'\nperiod='1s'\n",
            "[[tag]]\nname='x'\ndevice='a'\naddress='holding:0'\n[[tag]]\nname='y'\ndevice='a'\naddress='holding:1'\nperiod='1s'\n",
            "[[tag]]\nname='z'\ndevice='a'\naddress='holding:2'\nperiod='100ms'\n"
        ));
        let groups = &lines(&site).0[0].devices[0].groups;
        assert_eq!(groups.iter().map(|group| group.tags.len()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_device_with_a_wrong_url_does_not_stop_the_others() {
        let site = site("[[device]]\nname='a'\nurl='nonsense'\n[[device]]\nname='b'\nurl='modbus-tcp://10.0.0.1/2'\n");
        let (lines, problems) = lines(&site);
        assert_eq!((lines.len(), problems.len()), (1, 1));
    }
}
