//! Files as plants have them, and what is left when something in them cannot be understood.

use std::fmt::Write as _;

use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Imported {
    import(text, Format::Auto).expect("the text is short")
}

fn addresses(imported: &Imported) -> Vec<&str> {
    imported.tags.iter().map(|tag| tag.address.as_str()).collect()
}

fn codes(imported: &Imported) -> Vec<&str> {
    imported.report.remarks.iter().map(|remark| remark.code).collect()
}

fn tag(imported: &Imported, at: usize) -> &FoundTag {
    imported.tags.get(at).unwrap_or_else(|| panic!("no tag {at}: {:?}", imported.report))
}

mod lists {
    use super::*;

    #[test]
    fn a_line_may_have_tabs_semicolons_commas_or_blanks() {
        for line in [
            "holding:0:float32:cdab\tVibration DE\tmm/s\t0-25",
            "Vibration DE;holding:0:float32:cdab;mm/s;0..25",
            "holding:0:float32:cdab,Vibration DE,mm/s,0–25",
            "holding:0:float32:cdab Vibration DE mm/s 0–25",
        ] {
            let found = read(line);
            let one = tag(&found, 0);
            assert_eq!(
                (one.address.as_str(), one.label.as_str()),
                ("holding:0:float32:cdab", "Vibration DE"),
                "{line}"
            );
            assert_eq!((one.unit.as_deref(), one.range), (Some("mm/s"), Some([0.0, 25.0])), "{line}");
        }
    }

    #[test]
    fn a_german_table_with_a_header_is_read_by_its_columns() {
        let text = "Anlage Nord;;;;;;;\n\
                    Bezeichnung;Register;Funktionscode;Datentyp;Wortreihenfolge;Faktor;Einheit;Messbereich;Schrank\n\
                    Lagertemperatur;100;3;INT;;0,1;°C;-20 bis 150;A1\n\
                    Durchfluss;102;4;REAL;CDAB;;m³/h;0…1.000,5;A1\n\
                    Läuft;7;1;BOOL;;;;;A1\n";
        let found = read(text);
        assert_eq!(addresses(&found), ["holding:100:int16", "input:102:float32:cdab", "coil:7"]);
        assert_eq!(tag(&found, 0).scale, Some(Scale::Linear { factor: 0.1, offset: 0.0 }));
        assert_eq!((tag(&found, 0).line, tag(&found, 0).range), (Some(3), Some([-20.0, 150.0])));
        assert_eq!((tag(&found, 1).unit.as_deref(), tag(&found, 1).range), (Some("m³/h"), Some([0.0, 1000.5])));
        assert_eq!(codes(&found), ["list.before-header", "list.columns-unused"]);
    }

    #[test]
    fn plain_register_numbers_are_said_to_be_assumed() {
        let found = read("address,name,type\n0x10,Level,float\n12,Mode,\n40013,Speed,uint16\n");
        assert_eq!(addresses(&found), ["holding:16:float32", "holding:12:uint16"]);
        assert_eq!(codes(&found), ["list.address-again", "list.plain-numbers"]);
        assert!(found.report.remarks[1].what.starts_with("2 register numbers"), "{}", found.report.remarks[1].what);
    }

    #[test]
    fn without_a_header_the_guess_about_the_columns_is_said() {
        let found = read("Speed;40101;1/min\nCurrent;40102;A\n");
        assert_eq!(addresses(&found), ["holding:100:uint16", "holding:101:uint16"]);
        assert_eq!(found.report.remarks[0].words["columns"], "name, address, unit");
    }

    #[test]
    fn a_number_that_counts_rows_or_ends_a_name_never_becomes_a_scale() {
        let found = read("1;Pump A;40101;°C\n2;Pump B;40102;C;0,5\n");
        assert_eq!((tag(&found, 0).scale, tag(&found, 0).label.as_str()), (None, "Pump A"));
        assert_eq!(
            (tag(&found, 1).scale, tag(&found, 1).unit.as_deref()),
            (Some(Scale::Linear { factor: 0.5, offset: 0.0 }), Some("C"))
        );
        assert_eq!(codes(&found), ["list.columns", "list.numbers-left"]);
        let found = read("40101 Pump 7\n40102 Current A 0.01\n40103 Flow l/s\n");
        assert_eq!((tag(&found, 0).scale, tag(&found, 0).label.as_str()), (None, "Pump 7"));
        assert_eq!((tag(&found, 1).unit.as_deref(), tag(&found, 2).unit.as_deref()), (Some("A"), Some("l/s")));
    }

    #[test]
    fn a_line_that_is_not_taken_is_named_with_its_number_and_a_reason() {
        let found =
            read("# pumps\nholding:0 Speed\nno address here\nholding:x Level\nholding:0 again\n\nDB1.DBD4 Torque\n");
        assert_eq!(addresses(&found), ["holding:0:uint16"]);
        let said: Vec<_> = found.report.remarks.iter().map(|remark| (remark.code, remark.line)).collect();
        assert_eq!(
            said,
            [
                ("list.no-address", Some(3)),
                ("list.bad-address", Some(4)),
                ("list.address-again", Some(5)),
                ("list.no-address", Some(7))
            ]
        );
        assert!(found.report.remarks[1].what.contains("no position in a table"), "{}", found.report.remarks[1].what);
    }

    #[test]
    fn a_comma_between_thousands_is_read_as_the_separator_suggests_and_said() {
        let german = read("name;address;max;min\nSpeed;40001;3,000;0\n");
        assert_eq!((tag(&german, 0).range, codes(&german)), (Some([0.0, 3.0]), vec!["list.comma-decimal"]));
        let english = read("name,address,max,min\nSpeed,40001,\"3,000\",0\n");
        assert_eq!((tag(&english, 0).range, codes(&english)), (Some([0.0, 3000.0]), vec!["list.comma-thousands"]));
    }

    #[test]
    fn a_quote_that_is_never_closed_swallows_nothing_silently() {
        let text = format!("name,address\nA,40001\n\"B,40002\n{}", "C,40003\n".repeat(9));
        let found = read(&text);
        assert_eq!((addresses(&found).len(), codes(&found)), (1, vec!["list.open-quote"]));
    }
}

mod kepware {
    use super::*;

    const HEADER: &str = "Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value";

    fn rows(rows: &[&str]) -> Imported {
        read(&format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn addresses_and_types_become_ours() {
        for (address, typed, wanted) in [
            ("400001", "Word", "holding:0:uint16"),
            ("40001", "Short", "holding:0:int16"),
            ("300011", "Float", "input:10:float32:cdab"),
            ("400101", "Long", "holding:100:int32:cdab"),
            ("400101", "DWord", "holding:100:uint32:cdab"),
            ("400201", "Double", "holding:200:float64:cdab"),
            ("400301", "BCD", "holding:300:bcd16"),
            ("400301", "LBCD", "holding:300:bcd32:cdab"),
            ("400001.03", "Boolean", "holding:0:bit:3"),
            ("400010.20H", "String", "holding:9:string:20"),
            ("400010.20L", "String", "holding:9:string:20:ba"),
            ("000001", "Boolean", "coil:0"),
            ("100016", "Boolean", "discrete:15"),
            ("H402102.3", "Boolean", "holding:8449:bit:3"),
            ("H4000A", "Word", "holding:9:uint16"),
        ] {
            let found = rows(&[&format!("\"Pump.X\",\"{address}\",{typed},1,RO,100,,,,,,,,,,\"\",")]);
            assert_eq!(addresses(&found), [wanted], "{address} {typed}: {:?}", found.report);
        }
    }

    #[test]
    fn linear_scaling_becomes_two_points_and_a_range() {
        let found = rows(&[
            "\"P7.Temp\",\"400003\",Short,1,R/W,100,Linear,0,27648,0,150,Float,1,1,°C,\"Bearing temperature\",",
        ]);
        let one = tag(&found, 0);
        assert_eq!(one.scale, Some(Scale::Points { raw: [0.0, 27648.0], to: [0.0, 150.0] }));
        assert_eq!((one.range, one.unit.as_deref(), one.writable), (Some([0.0, 150.0]), Some("°C"), Some(true)));
        assert_eq!((one.name.as_str(), one.label.as_str()), ("P7.Temp", "Bearing temperature"));
        assert_eq!(codes(&found), ["kepware.clamp", "kepware.write", "kepware.scan-rate"]);
        let negated = rows(&["\"P7.Temp\",\"400003\",Short,1,RO,100,Linear,0,100,0,10,Float,0,0,,,1"]);
        assert_eq!(tag(&negated, 0).range, Some([-10.0, 0.0]));
    }

    #[test]
    fn the_word_order_that_the_file_does_not_say_is_said_to_be_assumed() {
        let found = rows(&["\"A\",\"400001\",Float,1,RO,,,,,,,,,,,,", "\"B\",\"400003\",Word,1,RO,,,,,,,,,,,,"]);
        assert_eq!(codes(&found), ["kepware.word-order"]);
        assert_eq!(found.report.remarks[0].words["n"], "1");
    }

    #[test]
    fn an_array_is_one_tag_per_element_row_by_row() {
        let found = rows(&[
            "\"Curve\",\"400001[3]\",Word Array,1,RO,100,,,,,,,,,,\"Torque\",",
            "\"Zone\",\"400011 [2] [2]\",Float Array,1,RO,100,,,,,,,,,,,",
        ]);
        let named = found.tags.iter().map(|tag| format!("{} {} {}", tag.name, tag.label, tag.address));
        assert_eq!(
            named.collect::<Vec<_>>(),
            [
                "Curve[0] Torque[0] holding:0:uint16",
                "Curve[1] Torque[1] holding:1:uint16",
                "Curve[2] Torque[2] holding:2:uint16",
                "Zone[0][0] Zone[0][0] holding:10:float32:cdab",
                "Zone[0][1] Zone[0][1] holding:12:float32:cdab",
                "Zone[1][0] Zone[1][0] holding:14:float32:cdab",
                "Zone[1][1] Zone[1][1] holding:16:float32:cdab",
            ]
        );
        assert_eq!(found.report.remarks[0].words["n"], "4", "each element of 32 bits has a word order");
        let lost = ["400001[65]", "400001[0]", "400001[", "400001[x]", "465530[8]", "400001[2][2][2]", "400001"];
        for address in lost {
            let found = rows(&[&format!("\"Curve\",\"{address}\",Word Array,1,RO,100,,,,,,,,,,,")]);
            assert_eq!((found.tags.len(), found.report.not_taken()), (0, 1), "{address}");
        }
    }

    #[test]
    fn what_has_no_counterpart_is_a_sentence_and_no_tag() {
        let found = rows(&[
            "\"Curve\",\"400001[65]\",Word Array,1,RO,100,,,,,,,,,,,",
            "\"Flow\",\"400020\",Word,1,RO,100,Square Root,0,100,0,50,Float,,,m3/h,,",
            "\"Day\",\"400030\",Date,1,RO,100,,,,,,,,,,,",
            "\"D100\",\"D100\",Word,1,RO,100,,,,,,,,,,,",
            "\"Flag\",\"400040\",Boolean,1,RO,100,,,,,,,,,,,",
            "\"Good\",\"400050\",Word,1,RO,100,,,,,,,,,,,",
        ]);
        assert_eq!(addresses(&found), ["holding:49:uint16"]);
        let lost: Vec<_> = found.report.remarks.iter().take(5).map(|remark| (remark.code, remark.line)).collect();
        assert_eq!(
            lost,
            [
                ("kepware.array", Some(2)),
                ("kepware.scaling", Some(3)),
                ("kepware.type", Some(4)),
                ("kepware.address", Some(5)),
                ("kepware.type", Some(6))
            ]
        );
        assert_eq!(found.report.not_taken(), 5);
    }
}

mod node_red {
    use super::*;
    use serde_json::{Value, json};

    fn client(id: &str) -> Value {
        json!({"id": id, "type": "modbus-client", "name": "PLC 7", "clienttype": "tcp", "tcpHost": "10.20.2.17", "tcpPort": "502",
            "tcpType": "DEFAULT", "unit_id": "3"})
    }

    fn reading(quantity: u16, behind: &str) -> Value {
        json!({"id": "r", "type": "modbus-read", "name": "Drive", "unitid": "", "dataType": "HoldingRegister", "adr": "100",
            "quantity": quantity.to_string(), "rate": "2", "rateUnit": "s", "server": "c", "wires": [[behind], []]})
    }

    #[expect(clippy::needless_pass_by_value, reason = "made for it")]
    fn parser(swaps: [&str; 2], items: Value) -> Value {
        json!({"id": "p", "type": "buffer-parser", "name": "Decode", "specificationType": "ui", "swap1": swaps[0], "swap2": swaps[1],
            "swap3": "", "items": items, "wires": [[]]})
    }

    fn flow(nodes: &[Value]) -> Imported {
        read(&Value::from(nodes.to_vec()).to_string())
    }

    #[test]
    fn a_reading_without_a_parser_becomes_its_registers() {
        let found = flow(&[client("c"), reading(2, "nothing")]);
        assert_eq!(addresses(&found), ["holding:100:uint16", "holding:101:uint16"]);
        assert_eq!(
            found.devices,
            [FoundDevice { name: "PLC 7".into(), url: Some("modbus-tcp://10.20.2.17:502/3".into()) }]
        );
        assert_eq!((tag(&found, 1).label.as_str(), tag(&found, 1).period_ms), ("Drive 2", Some(2000)));
        assert_eq!(codes(&found), ["node-red.raw"]);
    }

    #[test]
    fn a_parser_says_types_names_scales_and_orders() {
        let items = json!([
            {"type": "floatbe", "name": "speed", "offset": 0, "length": 1, "scale": "1", "mask": ""},
            {"type": "floatle", "name": "torque", "offset": 4, "length": 1, "scale": 0, "mask": ""},
            {"type": "int16be", "name": "temp", "offset": 8, "length": 1, "scale": "0.1", "mask": ""},
            {"type": "uint32", "name": "hours", "offset": 10, "length": 1, "scale": "/3600", "mask": ""},
            {"type": "bool", "name": "ready", "offset": 14, "length": 1, "offsetbit": 1, "scale": "1", "mask": ""},
            {"type": "bool", "name": "fault", "offset": 15, "length": 1, "offsetbit": 1, "scale": "1", "mask": ""},
            {"type": "string", "name": "model", "offset": 16, "length": 4, "scale": "1", "mask": ""},
        ]);
        let found = flow(&[client("c"), reading(10, "p"), parser(["", ""], items)]);
        assert_eq!(
            addresses(&found),
            [
                "holding:100:float32",
                "holding:102:float32:dcba",
                "holding:104:int16",
                "holding:105:uint32",
                "holding:107:bit:9",
                "holding:107:bit:1",
                "holding:108:string:4"
            ]
        );
        assert_eq!(tag(&found, 2).scale, Some(Scale::Linear { factor: 0.1, offset: 0.0 }));
        assert_eq!((tag(&found, 1).scale, codes(&found)), (None, vec![]));
    }

    #[test]
    fn swaps_of_the_whole_buffer_end_in_the_order_of_each_item() {
        let float = json!([{"type": "floatbe", "name": "x", "offset": 4, "length": 1, "scale": "1"}]);
        for (swaps, order) in [
            (["swap16", ""], ":badc"),
            (["swap32", ""], ":dcba"),
            (["swap32", "swap16"], ":cdab"),
            (["swap16", "swap16"], ""),
        ] {
            let found = flow(&[client("c"), reading(4, "p"), parser(swaps, float.clone())]);
            assert_eq!(addresses(&found), [format!("holding:102:float32{order}")], "{swaps:?}");
        }
        let shifted = json!([{"type": "floatbe", "name": "x", "offset": 2, "length": 1, "scale": "1"}]);
        let found = flow(&[client("c"), reading(4, "p"), parser(["swap32", ""], shifted)]);
        assert_eq!(
            (found.tags.len(), codes(&found)),
            (0, vec!["node-red.parser-item"]),
            "its bytes come from two numbers"
        );
        let odd = flow(&[client("c"), reading(3, "p"), parser(["swap32", ""], json!([]))]);
        assert_eq!(codes(&odd), ["node-red.parser-swap"]);
    }

    #[test]
    fn an_item_that_no_register_holds_is_a_sentence() {
        let items = json!([
            {"type": "uint8", "name": "half", "offset": 1, "length": 1, "scale": "1", "mask": ""},
            {"type": "int16be", "name": "masked", "offset": 0, "length": 1, "scale": "1", "mask": "0x0F"},
            {"type": "int16be", "name": "odd", "offset": 1, "length": 1, "scale": "1", "mask": ""},
            {"type": "int16be", "name": "power", "offset": 0, "length": 1, "scale": "**2", "mask": ""},
            {"type": "int16be", "name": "beyond", "offset": 8, "length": 1, "scale": "1", "mask": ""},
            {"type": "int16be", "name": "good", "offset": 2, "length": 2, "scale": "1", "mask": ""},
        ]);
        let found = flow(&[client("c"), reading(4, "p"), parser(["", ""], items)]);
        assert_eq!(addresses(&found), ["holding:101:int16", "holding:102:int16"]);
        let names: Vec<&str> = found.report.remarks.iter().map(|remark| remark.about.as_str()).collect();
        assert_eq!(names, ["half", "masked", "odd", "power", "beyond"]);
    }

    #[test]
    fn a_program_behind_a_reading_is_named_and_not_guessed() {
        let decode = json!({"id": "f", "type": "function", "name": "To float", "func": "msg.payload = Buffer.from(msg.payload).readFloatBE(0); return msg;", "wires": [[]]});
        let found = flow(&[client("c"), reading(2, "f"), decode]);
        assert_eq!(codes(&found), ["node-red.raw", "node-red.function"]);
        assert!(found.report.remarks[1].what.starts_with("To float works on what Drive reads"));
    }

    #[test]
    fn a_flexible_reading_is_taken_where_its_request_stands_in_the_flow() {
        let getter = json!({"id": "g", "type": "modbus-flex-getter", "name": "Get", "server": "c", "wires": [[], []]});
        let before = |id: &str, kind: &str, body: Value| {
            let mut node = json!({"id": id, "type": kind, "name": id, "wires": [["g"]]});
            for (key, value) in body.as_object().into_iter().flatten() {
                node[key] = value.clone();
            }
            node
        };
        let nodes = [
            client("c"),
            getter,
            before(
                "literal",
                "function",
                json!({"func": "// read\nmsg.payload = { input: msg.payload, 'fc': 3, 'unitid': 1, 'address': 10 , 'quantity': 1 }\nreturn msg;"}),
            ),
            before(
                "steps",
                "function",
                json!({"func": "msg.payload.fc = 4; msg.payload.unitid = 1;\nmsg.payload.address = 5; msg.payload.quantity = 1; return msg;"}),
            ),
            before(
                "json",
                "inject",
                json!({"payload": "{\"fc\":1,\"unitid\":2,\"address\":7,\"quantity\":1}", "payloadType": "json"}),
            ),
            before(
                "computed",
                "function",
                json!({"func": "for (let i=0;i<3;i++) node.send({payload:{'fc':3,'unitid':1,'address':4096+(i*40),'quantity':40}})"}),
            ),
            before(
                "unit",
                "function",
                json!({"func": "msg.payload = {'fc':3,'unitid':unit,'address':7,'quantity':1}; return msg;"}),
            ),
            before(
                "short",
                "function",
                json!({"func": "const unitid = msg.u; msg.payload = {'fc':3, unitid, 'address':7,'quantity':1}; return msg;"}),
            ),
            before(
                "sum",
                "function",
                json!({"func": "msg.payload = {'fc':3,'unitid':1,'address':4096+n,'quantity':4}; return msg;"}),
            ),
        ];
        let found = flow(&nodes);
        assert_eq!(addresses(&found), ["holding:10:uint16", "input:5:uint16", "coil:7"]);
        let units: Vec<_> = found.devices.iter().filter_map(|device| device.url.as_deref()).collect();
        assert_eq!(units, ["modbus-tcp://10.20.2.17:502/1", "modbus-tcp://10.20.2.17:502/2"]);
        let computed = |remark: &&Remark| remark.code == "node-red.computed";
        let by: Vec<_> =
            found.report.remarks.iter().filter(computed).map(|remark| remark.words["by"].as_str()).collect();
        assert_eq!(by, ["computed", "unit", "short", "sum"]);
    }

    #[test]
    fn what_reads_nothing_or_is_off_is_left_aside_in_words() {
        let mut off = reading(2, "nothing");
        off["d"] = json!(true);
        let write = json!({"id": "w", "type": "modbus-write", "name": "Set", "server": "c", "wires": []});
        assert_eq!(codes(&flow(&[client("c"), off, write])), ["node-red.disabled", "node-red.no-reading"]);
        assert_eq!(codes(&flow(&[])), ["node-red.nothing"]);
        assert_eq!(codes(&read("[{\"id\":")), ["node-red.not-json"]);
    }

    #[test]
    fn serial_and_odd_connections_become_urls_or_say_why_not() {
        let with = |part: Value| {
            let mut client = client("c");
            for (key, value) in part.as_object().into_iter().flatten() {
                client[key] = value.clone();
            }
            flow(&[client, reading(1, "nothing")])
        };
        let serial = with(
            json!({"clienttype": "simpleser", "serialPort": "/dev/ttyUSB0", "serialBaudrate": "19200", "serialParity": "even",
            "serialStopbits": "1", "serialDatabits": "8", "serialType": "RTU-BUFFERD"}),
        );
        assert_eq!(
            serial.devices[0].url.as_deref(),
            Some("modbus-rtu:///dev/ttyUSB0?baud=19200&parity=E&stop=1&unit=3")
        );
        let udp = with(json!({"tcpType": "UDP"}));
        assert_eq!((&udp.devices[0].url, udp.tags.len()), (&None, 1));
        assert!(codes(&udp).contains(&"node-red.connection"));
        let lonely = flow(&[reading(1, "nothing")]);
        assert!(codes(&lonely).contains(&"node-red.no-client") && tag(&lonely, 0).device.is_none());
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_and_too_many_tags_are_counted() {
    let long = "x".repeat(MAX_BYTES + 1);
    assert_eq!(import(&long, Format::Auto).expect_err("it is too long").code, "import.too-long");
    let mut many = String::new();
    for table in ["holding", "input"] {
        for offset in 0..60_000 {
            let _ = writeln!(many, "{table}:{offset}");
        }
    }
    let found = read(&many);
    assert_eq!(found.tags.len(), MAX_TAGS);
    assert_eq!(found.report.remarks[0].words["n"], "20000");
}

#[test]
fn remarks_of_one_kind_are_counted_beyond_what_a_person_reads() {
    let found = read(&"nothing to read here\n".repeat(1000));
    assert_eq!(found.report.remarks.len() + found.report.more, 1000);
    assert_eq!((found.report.more, found.report.not_taken()), (700, 1000));
}

/// Text in which the signs that matter are frequent.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "holding:",
        "40001",
        "coil:7",
        "\t",
        ";",
        ",",
        "\"",
        "\n",
        " ",
        "0-25",
        "–",
        "°C",
        "float32",
        "cdab",
        "Tag Name,Address,Data Type\n",
        "400001.03",
        "400010.20H",
        "H4FFFF",
        "Boolean",
        "String",
        "[",
        "]",
        "{",
        "}",
        ":",
        "\"type\"",
        "\"modbus-read\"",
        "\"wires\"",
        "1e999",
        "-",
        "65535",
        "99999999999999999999",
        "ä",
        "\u{2212}",
        "\u{feff}",
        "\r",
    ]);
    let part = prop_oneof![pieces.prop_map(str::to_owned), ".{0,6}"];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// A node with the right keys and any values.
fn any_node() -> impl Strategy<Value = serde_json::Value> {
    let kind = prop::sample::select(vec![
        "modbus-read",
        "modbus-getter",
        "modbus-flex-getter",
        "modbus-client",
        "buffer-parser",
        "function",
        "inject",
        "tab",
    ]);
    let id = || prop::sample::select(vec!["a", "b", "c", ""]);
    let number =
        || prop_oneof![any::<u64>().prop_map(|n| n.to_string()), (0u64..300).prop_map(|n| n.to_string()), ".{0,4}"];
    let swap = || prop::sample::select(vec!["", "swap16", "swap32", "swap64", "x"]);
    let item = (
        prop::sample::select(vec!["floatbe", "int16le", "bool", "string", "bcd", "doublele", "uint8"]),
        0u64..300,
        0u64..300,
        any::<u64>(),
    );
    (kind, id(), id(), number(), number(), (swap(), swap()), prop::collection::vec(item, 0..3), ".{0,30}").prop_map(
        |(kind, id, wire, adr, quantity, (swap1, swap2), items, func)| {
            let items: Vec<_> = items
                .into_iter()
                .map(|(kind, offset, length, bit)| serde_json::json!({"type": kind, "offset": offset, "length": length, "offsetbit": bit}))
                .collect();
            serde_json::json!({"id": id, "type": kind, "server": wire, "wires": [[wire]], "adr": adr, "quantity": quantity, "dataType": "HoldingRegister",
                "swap1": swap1, "swap2": swap2, "items": items, "func": func, "clienttype": "tcp", "tcpHost": func, "unit_id": adr})
        },
    )
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic_and_every_tag_has_an_address_that_is_one(text in any_text()) {
        for format in [Format::Auto, Format::List, Format::NodeRed, Format::Kepware] {
            let found = import(&text, format).expect("the text is short");
            for tag in &found.tags {
                prop_assert!(tag.address.parse::<drivers::modbus::Address>().is_ok(), "{}", tag.address);
                prop_assert!(tag.range.is_none_or(|[low, high]| low < high));
            }
        }
    }

    #[test]
    fn every_line_of_a_list_becomes_a_tag_or_a_sentence(lines in prop::collection::vec("[a-z0-9:;,° -]{1,24}", 1..20)) {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let found = import(&text, Format::List).expect("the text is short");
        let mut said: Vec<u32> = found.tags.iter().filter_map(|tag| tag.line).collect();
        said.extend(found.report.remarks.iter().filter_map(|remark| remark.line));
        for (line, number) in lines.iter().zip(1_u32..) {
            let empty = line.chars().all(|c| ";, ".contains(c));
            let header = found.report.remarks.iter().any(|remark| remark.code == "list.before-header");
            prop_assert!(empty || header || said.contains(&number), "line {number} `{line}` is lost: {found:?}");
        }
    }

    #[test]
    fn no_flow_makes_the_reader_panic(nodes in prop::collection::vec(any_node(), 0..6)) {
        let found = import(&serde_json::Value::from(nodes).to_string(), Format::NodeRed).expect("the text is short");
        for tag in &found.tags {
            prop_assert!(tag.address.parse::<drivers::modbus::Address>().is_ok(), "{}", tag.address);
        }
    }
}
