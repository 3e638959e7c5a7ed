#!/usr/bin/env bash
# Proves on this machine that replicas keep to one limit together: two servers, one Redis, 32 clients at once; Redis is killed and restarted in mid-load.
# Installs redis-server and curl where they are missing (Debian, Ubuntu; needs root for that). Takes three minutes after the build. Ends with 1 when a request failed or a minute held not within 1 % of the
# limit.
set -euo pipefail
cd "$(dirname "$0")/../.."

limit=600 clients=32 port=${1:-18880}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT

for program in redis-server curl; do
    command -v $program > /dev/null && continue
    as_root=""; [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq && $as_root apt-get install -qy --no-install-recommends redis-server curl > /dev/null
    break
done

echo "== tests with a Redis of their own"
dotnet build -c Release src/Server -v:q
dotnet test -c Release tests/Server.Tests --filter 'FullyQualifiedName~RedisLimits'

echo "== two servers and one Redis"
start_redis() { redis-server --port $((port + 2)) --bind 127.0.0.1 --save '' --appendonly no > "$work/redis.log" & redis=$!; pids+=("$redis"); }
start_redis
for i in 0 1; do
    dotnet src/Server/bin/Release/net10.0/Llama.Server.dll --urls "http://127.0.0.1:$((port + i))" --Model:Threads=1 \
        --RateLimits:RequestsPerMinute=$limit --RateLimits:Redis=127.0.0.1:$((port + 2)) --RateLimits:Replicas=2 > "$work/server$i.log" &
    pids+=($!)
done
for i in 0 1; do curl -sf --max-time 10 --retry 120 --retry-delay 1 --retry-all-errors -o /dev/null "http://127.0.0.1:$((port + i))/health/ready"; done

# Sends so many requests to both servers in turn, 32 at a time; writes the number of each status.
load() {
    for ((n = 0; n < $1; n++)); do
        ((n > 0)) && echo next
        echo "url = http://127.0.0.1:$((port + n % 2))/v1/completions"
        echo 'header = "Content-Type: application/json"'
        echo 'data = "{\"model\":\"llama-2-wordnet-8m\",\"prompt\":\"a\",\"max_tokens\":1}"'
        printf 'output = /dev/null\nwrite-out = "%%{http_code}\\n"\n'
    done > "$work/requests"
    curl -sS --no-progress-meter --parallel --parallel-max $clients --config "$work/requests" > "$work/statuses" || true
    passed=$(grep -c '^200$' "$work/statuses" || true) limited=$(grep -c '^429$' "$work/statuses" || true)
    failed=$(($1 - passed - limited))
    echo "$2: $1 requests, $passed answered, $limited limited, $failed failed"
    total=$((total + passed)) failures=$((failures + failed))
}
judge() {
    awk -v got=$total -v limit=$limit -v what="$1" 'BEGIN { off = 100 * (got / limit - 1); printf "%s: %d of %d let in, %+.2f %%\n", what, got, limit, off; exit off > 1 || off < -1 }' || status=1
}

# How often a server has said that Redis is back.
returns() { cat "$work"/server?.log | grep -c 'Redis is back' || true; }

undisturbed() { load 1000 "Redis there"; }
killed_and_restarted() {
    local back
    back=$(($(returns) + 2))
    load 300 "Redis there"
    kill -9 $redis; wait $redis 2> /dev/null || true
    load 500 "Redis killed"
    start_redis
    for ((tries = 0; $(returns) < back; tries++)); do
        ((tries < 300)) || { echo "The servers did not find Redis again within a minute." >&2; exit 1; }
        sleep 0.2
    done
    load 400 "Redis back"
}

# Runs that within one minute, again where the machine was too slow for it: in more than a minute more than the limit is right. Waits before it until nothing counts any more.
in_a_minute() {
    local start
    for try in 1 2 3; do
        sleep $((62 - (SECONDS - last) > 0 ? 62 - (SECONDS - last) : 0))
        total=0 start=$SECONDS
        $1
        last=$SECONDS
        ((last - start < 60)) && break
        echo "That took $((last - start)) s; again."
    done
    judge "$2"
}

status=0 failures=0 last=-62
in_a_minute undisturbed "one minute, counted together"
in_a_minute killed_and_restarted "one minute, Redis killed and restarted"
grep -h 'WRN\|Redis is back' "$work"/server?.log || true
[ $failures -eq 0 ] || status=1
if [ $status -eq 0 ]; then echo "PASS both minutes within 1 % of the limit, no request failed"; else echo "FAIL"; fi
exit $status
