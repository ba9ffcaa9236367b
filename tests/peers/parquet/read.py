"""Reads Parquet as data scientists do (pyarrow and pandas).

    read.py FILE

Prints one JSON line: `schema` (column → type), `metadata` (what begins with `lastmile.`), `groups` (rows of each row group, and
least and greatest series in it) and `rows` (a list of objects; times in µs since 1970).
"""

import json
import sys

import pyarrow as arrow
import pyarrow.parquet as parquet


def main():
    file = parquet.ParquetFile(sys.argv[1])
    table = file.read()
    groups = []
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        series = group.column(0).statistics
        groups.append({"rows": group.num_rows, "series": [series.min, series.max]})
    plain = {name: table.column(name) for name in table.column_names}
    for name in ("arrival", "source"):
        plain[name] = plain[name].cast(arrow.int64())
    columns = {name: column.to_pylist() for name, column in plain.items()}
    metadata = {key.decode(): value.decode() for key, value in file.metadata.metadata.items()}
    said = {
        "schema": {field.name: str(field.type) for field in table.schema},
        "metadata": {key: value for key, value in metadata.items() if key.startswith("lastmile.")},
        "groups": groups,
        "rows": [dict(zip(columns, row)) for row in zip(*columns.values())],
    }
    print(json.dumps(said), flush=True)


main()
