//! What a plan reads, and what it learns.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::modbus::address::tests::any_address;

fn plan(addresses: &[&str], limits: &Limits) -> ReadPlan {
    ReadPlan::new(Unit(1), addresses.iter().map(|text| Some(text.parse().unwrap())), limits)
}

fn ranges(plan: &ReadPlan) -> Vec<(Table, Range<u32>)> {
    plan.blocks().iter().map(|block| (block.table(), block.range())).collect()
}

#[test]
fn contiguous_registers_share_a_request_and_holes_do_not() {
    let plan = plan(&["holding:4", "holding:0:float32", "holding:2:float32", "holding:6"], &Limits::default());
    assert_eq!(ranges(&plan), [(Table::Holding, 0..5), (Table::Holding, 6..7)]);
}

#[test]
fn a_hole_is_read_only_as_wide_as_allowed() {
    let limits = Limits { holes: 3, ..Limits::default() };
    let plan = plan(&["holding:0", "holding:4", "holding:9"], &limits);
    assert_eq!(ranges(&plan), [(Table::Holding, 0..5), (Table::Holding, 9..10)]);
}

#[test]
fn tables_never_mix_and_bits_of_one_register_are_read_once() {
    let plan = plan(&["holding:7:bit:0", "holding:7:bit:1", "input:7", "coil:7", "discrete:7"], &Limits::default());
    let tables: Vec<_> = ranges(&plan).into_iter().map(|(table, _)| table).collect();
    assert_eq!(tables, [Table::Coil, Table::Discrete, Table::Input, Table::Holding]);
}

#[test]
fn a_device_limit_counts_registers_and_sixteen_times_as_many_bits() {
    let registers: Vec<String> = (0..30).map(|at| format!("holding:{at}")).collect();
    let coils: Vec<String> = (0..200).map(|at| format!("coil:{at}")).collect();
    let all: Vec<&str> = registers.iter().chain(&coils).map(String::as_str).collect();
    let plan = plan(&all, &Limits { max_block: 10, ..Limits::default() });
    assert_eq!(
        ranges(&plan),
        [
            (Table::Coil, 0..160),
            (Table::Coil, 160..200),
            (Table::Holding, 0..10),
            (Table::Holding, 10..20),
            (Table::Holding, 20..30)
        ]
    );
}

/// Plays a device that refuses every block holding a bad address, or longer than it likes. Gives the requests it took.
fn read_once(plan: &mut ReadPlan, bad: &HashSet<u32>, longest: u32) -> usize {
    let mut requests = 0;
    let mut index = 0;
    while index < plan.blocks().len() {
        let first = index;
        let mut end = index + 1;
        while index < end {
            if plan.block_mut(index).unwrap().rests() {
                index += 1;
                continue;
            }
            requests += 1;
            let range = plan.blocks()[index].range();
            let refused = range.len() > longest as usize || range.clone().any(|at| bad.contains(&at));
            if refused && plan.split(index) {
                end += 1;
                continue;
            }
            let block = plan.block_mut(index).unwrap();
            if refused {
                block.rest();
            } else {
                block.given();
            }
            index += 1;
        }
        if end > first + 1 {
            index = plan.settle(first..end);
        }
    }
    requests
}

#[test]
fn a_bad_address_stands_alone_and_its_neighbours_are_joined_again() {
    let addresses: Vec<String> = (0..100).map(|at| format!("holding:{at}")).collect();
    let mut plan = plan(&addresses.iter().map(String::as_str).collect::<Vec<_>>(), &Limits::default());
    let bad = HashSet::from([30]);
    assert!(read_once(&mut plan, &bad, 125) > 3, "finding it takes a few requests");
    assert_eq!(ranges(&plan), [(Table::Holding, 0..30), (Table::Holding, 30..31), (Table::Holding, 31..100)]);
    let requests: Vec<usize> = (0..130).map(|_| read_once(&mut plan, &bad, 125)).collect();
    assert_eq!(requests[0], 2, "the bad one rests");
    let wasted = requests.iter().sum::<usize>() - 2 * requests.len();
    assert!(wasted <= 7, "a wrong address costs a request ever more seldom, not {wasted}");
}

#[test]
fn a_device_that_takes_only_short_blocks_is_remembered() {
    let addresses: Vec<String> = (0..100).map(|at| format!("holding:{at}")).collect();
    let mut plan = plan(&addresses.iter().map(String::as_str).collect::<Vec<_>>(), &Limits::default());
    let bad = HashSet::from([30]);
    read_once(&mut plan, &bad, 50);
    read_once(&mut plan, &bad, 50);
    let steady = read_once(&mut plan, &bad, 50);
    assert!(plan.blocks().iter().all(|block| block.range().len() <= 50));
    assert!(steady <= 5, "{steady} requests");
}

proptest! {
    #[test]
    fn a_plan_covers_all_keeps_the_limits_and_reads_nothing_else(
        addresses in prop::collection::vec(any_address(), 0..60),
        max_block in 1u16..200,
        holes in prop_oneof![Just(0u16), 0u16..50],
    ) {
        let limits = Limits { max_block, holes, ..Limits::default() };
        let plan = ReadPlan::new(Unit(1), addresses.iter().map(|address| Some(*address)), &limits);
        let mut covered = HashSet::new();
        for block in plan.blocks() {
            let cap = cap(block.table(), &limits);
            prop_assert!(block.range().len() <= cap as usize);
            prop_assert!(block.range().end <= 0x1_0000);
            let mut asked = HashSet::new();
            for (item, offset) in block.items() {
                let address = plan.item(item).unwrap();
                prop_assert_eq!(block.range().start as usize + offset, usize::from(address.offset));
                prop_assert!(address.end() <= block.range().end);
                prop_assert!(covered.insert(item), "each address once");
                asked.extend(u32::from(address.offset)..address.end());
            }
            let unasked = block.range().filter(|at| !asked.contains(at)).count();
            prop_assert!(holes > 0 || unasked == 0, "{} read without being asked for", unasked);
        }
        for (index, address) in addresses.iter().enumerate() {
            let fits = u32::from(address.kind.count()) <= cap(address.table, &limits);
            prop_assert_eq!(covered.contains(&index), fits);
        }
    }

    #[test]
    fn whatever_a_device_refuses_the_good_addresses_are_soon_read(
        addresses in prop::collection::vec(0u32..300, 1..120),
        bad in prop::collection::hash_set(0u32..300, 0..12),
        longest in 1u32..200,
        holes in prop_oneof![Just(0u16), 0u16..50],
    ) {
        let items = addresses.iter().map(|at| Some(format!("holding:{at}").parse().unwrap()));
        let mut plan = ReadPlan::new(Unit(1), items, &Limits { holes, ..Limits::default() });
        for _ in 0..4 {
            read_once(&mut plan, &bad, longest);
        }
        let mut seen = HashSet::new();
        for block in plan.blocks() {
            let refused = block.range().len() > longest as usize || block.range().any(|at| bad.contains(&at));
            for (item, _) in block.items() {
                prop_assert!(seen.insert(item));
                prop_assert_eq!(refused, bad.contains(&addresses[item]), "address {}", addresses[item]);
            }
        }
        prop_assert_eq!(seen.len(), addresses.len());
    }
}
