//! Models: what a rung of the ladder stands on, how a deployment is, what its contract says, why a trend has a gap.

super::sentences! {
    SIGNALS_MAPPED: "evidence.signals-mapped" = "{mapped} of {all} signals mapped";
    RULE: "evidence.rule" = "a rule for advice";
    RESPONSE_WRITTEN: "evidence.response-written" = "response written";
    WRITE_GUARD: "evidence.write-guard" = "a write guard";
    NO_GUARD: "evidence.no-guard" = "You can't let this model write: there is no write guard in this version.";

    CANNOT_RUN: "health.cannot-run" = "Cannot run: {why}.";
    NO_PREDICTION: "health.no-prediction" = "No prediction for {age_ms}.";

    EVERY: "trigger.every" = "Every {period_ms}";
    EACH_SCAN: "trigger.each-scan" = "With each scan of {signal}";
    ON_EDGE: "trigger.on-edge" = "When {signal} becomes {value}";
    BETWEEN: "trigger.between" = "From {start} = {start_value} to {stop} = {stop_value}";
    TRIGGER: "trigger.says" = "{start}.";
    TRIGGER_KEY: "trigger.says-key" = "{start}, with the {key} that was there.";
    WINDOW: "window.says" = "The last {length_ms}, {align} every {step_ms}.";
    ALIGN_LAST: "align.last" = "the last value";
    ALIGN_LINEAR: "align.linear" = "the value on the line between";
    ALIGN_MEAN: "align.mean" = "the mean";

    STOPPED: "gap.stopped" = "edge was off";
    CLOCK_SET: "gap.clock-set" = "the clock was set";
    TOO_OLD: "gap.too-old" = "older than history is kept";
    DISK_FULL: "gap.disk-full" = "the disk was full";
    DAMAGED: "gap.damaged" = "damaged on disk";
    NO_DATA: "gap.no-data" = "no data";
    RELEASED: "gap.released" = "the edge had let it go when the hub was restored";
    RESTORED: "gap.restored" = "lost when the edge was restored";
}
