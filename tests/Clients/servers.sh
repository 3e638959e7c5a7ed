# For the scripts beside it: two real servers, open and with a key, that are stopped whatever happens.
# With SERVER_URL and KEYED_SERVER_URL set, servers that already run are tested instead.
command -v curl >/dev/null || { echo "curl is not installed; it tells when a server is ready." >&2; exit 1; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
logs=$(mktemp -d)
pids=()

finish() {
    local status=$?
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ "$status" -ne 0 ] && [ ${#pids[@]} -gt 0 ]; then grep -hE -A 8 ' (WRN|ERR|FTL) ' "$logs"/*.log || true; fi
    rm -rf "$logs"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start NAME [setting…]: the program itself, not `dotnet run`, whose child would outlive it; its address is then in $address.
# Deterministic, so that whole and streamed answers can be compared byte for byte whatever the cache holds.
start() {
    local log=$logs/$1.log deadline=$((SECONDS + 300))
    shift
    : >"$log" # the shell in the background may come to it later than sed does
    dotnet "$root/src/Server/bin/Release/net10.0/Llama.Server.dll" --urls http://127.0.0.1:0 --Model:Deterministic=true "$@" >"$log" 2>&1 &
    pids+=($!)
    until address=$(sed -n 's,.*Listening on \(http:[^ ]*\).*,\1,p' "$log") && curl --silent --fail --max-time 10 --output /dev/null "$address/health/ready"; do
        kill -0 "${pids[-1]}" 2>/dev/null || { cat "$log" >&2; return 1; }
        ((SECONDS < deadline)) || { cat "$log" >&2; echo "The server was not ready within 300 s." >&2; return 1; }
        sleep 0.2
    done
}

if [ -z "${SERVER_URL:-}" ]; then
    dotnet build -c Release "$root/src/Server"
    start open
    export SERVER_URL=$address
    start keyed --Auth:ApiKeys:0=sk-right --Scheduler:MaxSequences=8
    export KEYED_SERVER_URL=$address
fi
