#!/usr/bin/env bash
# Proves that what is watched is there: promtool on the configuration, the alerts and their tests; then two real servers with keys and limits behind the gateway, under load, a real Prometheus
# that scrapes them, and every query of the Grafana dashboard and of the alerts put to it. A query of the dashboard may be empty only if its panel says so ("empty while …").
# Installs prometheus, jq and curl where they are missing (Debian, Ubuntu; needs root for that). Takes two minutes after the build.
#
#   deploy/prometheus/check.sh [port]         default 19100, and the three after
set -euo pipefail
cd "$(dirname "$0")/../.."
port=${1:-19100}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT

for program in prometheus jq curl; do
    command -v $program > /dev/null && continue
    as_root=""; [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq && $as_root apt-get install -qy --no-install-recommends prometheus jq curl > /dev/null
    break
done

echo "== promtool"
promtool check config deploy/prometheus/prometheus.yml
promtool test rules deploy/prometheus/alerts-test.yml

echo "== two servers, the gateway and Prometheus"
dotnet build -c Release src/Server -v:q
dotnet build -c Release deploy/Gateway -v:q
for i in 0 1; do
    dotnet src/Server/bin/Release/net10.0/Llama.Server.dll --urls "http://127.0.0.1:$((port + 2 + i))" --Model:Threads=1 --Server:LogFormat=json --Auth:MetricsKey=scrape \
        --Auth:ApiKeys:0:Name=shop --Auth:ApiKeys:0:Key=shop-key --Auth:ApiKeys:1:Name=desk --Auth:ApiKeys:1:Key=desk-key --Auth:ApiKeys:1:RequestsPerMinute=5 > "$work/server$i.log" &
    pids+=($!)
done
dotnet deploy/Gateway/bin/Release/net10.0/Llama.Gateway.dll --urls "http://127.0.0.1:$port" --Gateway:LogFormat=json \
    "--Gateway:Replicas:0=http://127.0.0.1:$((port + 2))" "--Gateway:Replicas:1=http://127.0.0.1:$((port + 3))" > "$work/gateway.log" &
pids+=($!)
cat > "$work/prometheus.yml" << END
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 5s }
rule_files: [$PWD/deploy/prometheus/alerts.yml]
scrape_configs:
  - { job_name: llama, static_configs: [{ targets: ["127.0.0.1:$((port + 2))", "127.0.0.1:$((port + 3))"] }], authorization: { credentials: scrape } }
  - { job_name: llama-gateway, static_configs: [{ targets: ["127.0.0.1:$port"] }] }
END
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="127.0.0.1:$((port + 1))" 2> "$work/prometheus.log" &
pids+=($!)
for ready in $port $((port + 2)) $((port + 3)); do curl -sf --retry 120 --retry-delay 1 --retry-all-errors -o /dev/null "http://127.0.0.1:$ready/health/ready"; done
curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null "http://127.0.0.1:$((port + 1))/-/ready"

echo "== load"
ask() { # key, route, fields
    curl -sS -o /dev/null "http://127.0.0.1:$port$2" -H "Authorization: Bearer $1" -H 'Content-Type: application/json' -d "{\"model\":\"llama-2-wordnet-8m\",$3}"
}
messages='"messages":[{"role":"system","content":"You are a small dictionary that answers in one sentence."},{"role":"user","content":"What is a'
end=$((SECONDS + 40))
while ((SECONDS < end)); do
    for word in giraffe zebra lion; do
        ask shop-key /v1/chat/completions "$messages $word?\"}]" &
        asked+=($!)
    done
    ask desk-key /v1/completions '"prompt":"A giraffe","max_tokens":8'
    ask shop-key /v1/embeddings '"input":"giraffe"'
    ask shop-key /v1/chat/completions '"messages":[],"max_tokens":1'
    wait "${asked[@]}"; asked=()
done

status=0
query() { curl -sS "http://127.0.0.1:$((port + 1))/api/v1/query" --data-urlencode "query=$1"; }
echo "== panels"
while IFS=$'\t' read -r title description expression; do
    expression=${expression//\$__rate_interval/1m} expression=${expression//\$model/.*} expression=${expression//\$instance/.*}
    answer=$(query "$expression")
    if ! jq -e '.status == "success"' <<< "$answer" > /dev/null; then
        echo "FAULT   $title: $(jq -r .error <<< "$answer")"; status=1
    elif jq -e '[.data.result[] | select(.value[1] != "NaN")] | length > 0' <<< "$answer" > /dev/null; then
        echo "ok      $title: $(jq -r '[.data.result[] | .value[1][0:7]] | join(" ")' <<< "$answer")"
    elif [[ $description == *"empty while"* ]]; then
        echo "empty   $title, as it may be"
    else
        echo "EMPTY   $title: $expression"; status=1
    fi
done < <(jq -r '.panels[] | select(.targets) | . as $panel | .targets[] | [$panel.title, $panel.description, .expr] | @tsv' deploy/grafana/dashboards/llama.json | sed 's/\\"/"/g')

echo "== alerts"
curl -sS "http://127.0.0.1:$((port + 1))/api/v1/rules" | jq -r '.data.groups[].rules[] | "\(.health)\t\(.state)\t\(.name)"' | tee "$work/rules"
! grep -qv '^ok' "$work/rules" || status=1
! grep -q 'firing' "$work/rules" || status=1
cat "$work"/server?.log "$work/gateway.log" > "$work/log"
if jq -e . "$work/log" > /dev/null; then echo "ok      $(wc -l < "$work/log") log lines are JSON"; else echo "FAULT   a log line is no JSON"; status=1; fi
if [ $status -eq 0 ]; then echo "PASS every query has data that should have, every rule can be evaluated"; else echo "FAIL"; fi
exit $status
