//! How the signals of a model fit the tags of a site, and why two units are never converted.

super::sentences! {
    UNKNOWN_SIGNAL: "mapping.unknown-signal" = "the contract has no signal `{signal}`", hint "remove it";
    MISSING: "mapping.missing" = "the signal `{signal}` is mapped to no tag", hint "map it to the tag that measures it";
    UNKNOWN_TAG: "mapping.unknown-tag" = "the signal `{signal}` is mapped to `{tag}`, which does not exist", hint "map it to a tag that is there";
    WRONG_TYPE: "mapping.wrong-type" = "`{tag}` is {given}, and the signal `{signal}` is {wanted}", hint "map it to a tag of that type";
    A_TEXT: "type.text" = "a text";
    A_NUMBER: "type.number" = "a number";
    NUMBER_AS_BOOL: "mapping.number-as-bool" = "`{tag}` is a number, and the signal `{signal}` is true or false: everything but 0 will be true", hint "see whether this is the tag that was meant";
    NO_UNIT: "mapping.no-unit" = "`{tag}` has no unit; the model takes it for {unit}", hint "give the tag its unit";
    CONVERTED: "mapping.converted" = "{conversion}";
    WRONG_UNIT: "mapping.wrong-unit" = "`{tag}` does not fit the signal `{signal}`: {why}", hint "{advice}";
    OTHER_TAG: "mapping.other-tag" = "map it to another tag, or correct the tag's unit";
    RANGE_APART: "mapping.range-apart" = "`{tag}` is from {from} to {to}{unit}, and the model knows only {low} to {high}", hint "see whether this is the tag that was meant, in the right unit and scale";
    RANGE_WIDER: "mapping.range-wider" = "`{tag}` may be {from} to {to}{unit}; the model knows {low} to {high}", hint "see whether the model was made for this machine";
    TOO_SLOW: "mapping.too-slow" = "`{tag}` is read every {period_ms}, and after {gap_ms} without a sample nothing is predicted", hint "read it at least every {rate_ms}";
    SLOWER: "mapping.slower" = "`{tag}` is read every {period_ms}; the model was made for every {rate_ms}", hint "read it every {rate_ms}";

    DIFFERENT_THINGS: "unit.different-things" = "{from} and {to} measure different things";
    DIFFERENT_KINDS: "unit.different-kinds" = "{from}, but {to}";
    IS: "unit.is" = "{unit} is {kind}";
    PLAIN_NUMBER: "unit.plain-number" = "a plain number (1)";
    NO_REFERENCE: "unit.no-reference" = "{unit} does not say whether gauge or absolute";
    ACTUAL_VOLUME: "unit.actual-volume" = "{unit} is the actual volume";
    PLAIN_RATIO: "unit.plain-ratio" = "{unit} is a plain ratio";
    TEMPERATURE: "kind.temperature" = "a temperature";
    TEMPERATURE_DIFFERENCE: "kind.temperature-difference" = "a temperature difference";
    GAUGE: "kind.gauge-pressure" = "gauge pressure";
    ABSOLUTE: "kind.absolute-pressure" = "absolute pressure";
    DIFFERENTIAL: "kind.differential-pressure" = "differential pressure";
    NORMAL_VOLUME: "kind.normal-volume" = "normal volume (0 °C, 101.325 kPa)";
    STANDARD_VOLUME: "kind.standard-volume" = "standard volume (15 °C, 101.325 kPa)";
    STANDARD_VOLUME_60F: "kind.standard-volume-60f" = "standard volume (60 °F, 14.696 psi)";
    AMOUNT_SHARE: "kind.amount-share" = "a share of the amount of substance";
    VOLUME_SHARE: "kind.volume-share" = "a share of the volume";
    MASS_SHARE: "kind.mass-share" = "a share of the mass";
    HUMIDITY: "kind.humidity" = "relative humidity";
    PH: "kind.ph" = "pH";
    DECIBEL: "kind.decibel" = "a level in decibel";
    WRITE_PRESSURE: "unit.write-pressure" = "look at the transmitter's data sheet and write the unit as bar(g), bar(a) or bar(d)";
    WRITE_DIFFERENCE: "unit.write-difference" = "write a difference as {kelvin} or {celsius}";
    FLOW_COMPUTER: "unit.flow-computer" = "convert in the flow computer, where pressure and temperature are known, or correct the unit";
    CORRECT_ONE: "unit.correct-one" = "correct the unit of one of them";
}
