#!/usr/bin/env python3
"""One table and one line of JSON of what check.sh measured: reads the lines of JSON that its parts ended with."""
import json
import pathlib
import sys


SANITIZERS = ("memcheck", "racecheck")


def main(folder):
    parts = {file.stem: lines(file) for file in sorted(pathlib.Path(folder).glob("*.txt"))}
    rows = [row for name, found in parts.items() for report in found for row in rows_of(name, report)]
    heading = ("what", "first token, ms", "token, ms", "decode/s", "prefill/s", "new tokens/s")
    widths = [max(len(row[i]) for row in [heading, *rows]) for i in range(len(heading))]
    for row in [heading, *rows]:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
    sanitizer = {tool: {"summary": summary(pathlib.Path(folder, f"{tool}.txt")), "checks_failed": failed(parts[tool])} for tool in SANITIZERS if tool in parts}
    print(json.dumps({"benchmark": "gpu-check", "checks_failed": failed(parts.get("verify", [])), "sanitizer": sanitizer, "columns": heading, "rows": rows}, ensure_ascii=False))


def lines(file):
    """The objects among the lines of a part's output."""
    found = []
    for line in file.read_text(errors="replace").splitlines():
        if line.startswith("{"):
            try:
                found.append(json.loads(line))
            except ValueError:
                pass  # cut short
    return found


def failed(reports):
    """The checks of `verify` that failed; None if it did not come to its end."""
    verified = next((report for report in reports if report.get("benchmark") == "verify"), None)
    return [f"{one['check']}: {one['on']}" for one in verified["failed"]] if verified else None


def summary(file):
    """What compute-sanitizer ended with, such as `ERROR SUMMARY: 0 errors`; None if it did not come to its end."""
    return next((line.strip("= ") for line in reversed(file.read_text(errors="replace").splitlines()) if " SUMMARY: " in line), None)


def rows_of(name, report):
    kind = report.get("benchmark", "")
    if kind == "latency":
        return [(f"{name}, prompt of {one['prompt_tokens']}", p50(one, "ttft_ms"), p50(one, "tpot_ms"), p50(one, "decode_tokens_per_s"), p50(one, "prefill_tokens_per_s"), "") for one in report["results"]]
    if kind == "throughput":
        return [(f"{name}, {one['concurrency']} at once", "", p50(one, "decode_step_ms"), "", "", p50(one, "new_tokens_per_s")) for one in report["results"]]
    if kind == "serve":
        return [(f"{name}, {one['shape']['concurrency']} streams", p50(one, "ttft_ms"), p50(one, "tpot_ms"), "", "", p50(one, "output_tokens_per_s")) for one in report["results"]]
    if kind.startswith("transformers"):
        what = f"{report['tool']}, prompt of {report['prompt_tokens']}" + (f", {report['sequences']} at once" if report["sequences"] > 1 else "")
        if "error" in report:
            return [(f"{what}: {report['error'][:60]}", "", "", "", "", "")]
        return [(what, *(figure(report.get(key)) for key in ("ttft_ms", "tpot_ms", "decode_tokens_per_s", "prefill_tokens_per_s", "new_tokens_per_s")))]
    return []


def p50(result, key):
    return figure((result.get(key) or {}).get("p50"))


def figure(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


if __name__ == "__main__":
    main(sys.argv[1])
