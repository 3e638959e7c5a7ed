#!/usr/bin/env bash
# Everything worth knowing about this server on this machine, in one call of about five minutes, and never more than nine: what it has, whether its kernels are right, how fast a Llama 2 7B is
# (random weights of that shape), and how fast transformers is with the same weights. Each part has its own time limit and a failed one does not stop the rest; what a part printed lies in the
# folder of results.
#
#   llama/check.sh [part …]             parts: doctor verify latency prefill throughput serve int8 int4 transformers (default: these, in this order), and
#                                              sanitizer: the kernels under NVIDIA's compute-sanitizer, two minutes at most
#
# From the environment: DEVICE (cuda:0 where there is a GPU, so that what keeps it from being used is told at once, and not that a CPU is slow; else auto), SHAPE (7b), LIMIT_S (520), OUT (folder of results), SEQUENCES ("64 256"), PORT (18080), LLAMA (the program, if not beside this file).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
llama=${LLAMA:-$here/Llama.Server}
device=auto; ! compgen -G '/dev/nvidia[0-9]*' > /dev/null && [ ! -e /dev/dxg ] || device=cuda:0 # the latter is WSL's
device=${DEVICE:-$device} shape=${SHAPE:-7b} limit=${LIMIT_S:-520} port=${PORT:-18080}
read -r -a sequences <<< "${SEQUENCES:-64 256}"
known="doctor verify sanitizer latency prefill throughput serve int8 int4 transformers"
read -r -a parts <<< "${known/sanitizer /}"
[ $# -eq 0 ] || parts=("$@")
for name in "${parts[@]}"; do
  case " $known " in *" $name "*) ;; *) echo "There is no part '$name'; there are $known." >&2; exit 2 ;; esac
done
one_answer=(--prompt-tokens 448 --new-tokens 128) many_answers=(--prompt-tokens 192 --new-tokens 128) # contexts of 512 and 256 tokens in the mean
results=${OUT:-$PWD/llama-results}
mkdir -p "$results" || exit 1
failed=()

# Memory is faster than any disk, where a container leaves room for it.
room() { df --output=avail -B1M "$1" 2>/dev/null | tail -1 | tr -d ' '; }
scratch=/dev/shm; [ "$(room /dev/shm)" -gt 20000 ] 2>/dev/null || scratch=${TMPDIR:-/tmp}
scratch=$(mktemp -d "$scratch/llama-check-XXXXXX") || exit 1
server='' model=''
trap 'stop_server; rm -rf "$scratch"' EXIT

left() { echo $((limit - SECONDS)); }

# part NAME SECONDS COMMAND…: runs it, keeps what it prints, and shows the end of that.
part() {
  local name=$1 seconds=$2 start=$SECONDS status
  shift 2
  [ "$seconds" -le "$(left)" ] || seconds=$(left)
  if [ "$seconds" -lt 5 ]; then echo "== $name: skipped, no time left"; failed+=("$name"); return 1; fi
  echo "== $name (at most $seconds s)"
  timeout -k 5 "$seconds" "$@" > "$results/$name.txt" 2> "$results/$name.err"; status=$?
  case $name in
    doctor | verify) grep -e '^ *✗' -e '^ *!' -e '^- ' -e ' checks ' -e ' serve' "$results/$name.txt" ;;
    memcheck | racecheck) grep -e '^✗' -e ' checks ' -e ' SUMMARY:' "$results/$name.txt" ;;
    *) grep -v '^{' "$results/$name.txt" | tail -n 24 ;;
  esac
  if [ $status -ne 0 ]; then
    failed+=("$name")
    case $status in 124 | 137) echo "$name: out of time" ;; esac
    tail -n 8 "$results/$name.err"
  fi
  echo "-- $name: exit code $status after $((SECONDS - start)) s"
  return $status
}

# Random weights of the shape, once; what did not work is not tried again.
random_model() {
  if [ -z "$model" ]; then
    model=missing
    part weights 60 "$llama" random-checkpoint --shape "$shape" --out "$scratch/model" && model=there
  fi
  [ "$model" = there ]
}

# What is out of bounds in device memory, and what races in shared memory. It finds kernels compiled that verify has run before.
sanitizer() {
  command -v compute-sanitizer > /dev/null || { echo "== sanitizer: skipped, there is no compute-sanitizer (of the CUDA toolkit) on the PATH"; return; }
  local tool
  for tool in memcheck racecheck; do
    part "$tool" 60 compute-sanitizer --tool "$tool" --error-exitcode 1 --target-processes all "$llama" verify --kernels "--Model:Device=$device"
  done
}

# bench NAME SECONDS VERB OPTIONS…: a bench verb on those weights.
bench() {
  local name=$1 seconds=$2
  shift 2
  random_model && part "$name" "$seconds" "$llama" bench "$@" "--Model:Path=$scratch/model" "--Model:Device=$device"
}

is_ready() { (exec 3<> "/dev/tcp/127.0.0.1/$port" && printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3 && read -r -t 5 line <&3 && [[ $line == *' 200 '* ]]) 2>/dev/null; }

# Asks it to end, and ends it if a GPU that hangs keeps it from that.
stop_server() {
  [ -n "$server" ] || return
  kill "$server" 2>/dev/null
  for _ in {1..100}; do kill -0 "$server" 2>/dev/null && sleep 0.1; done
  kill -9 "$server" 2>/dev/null; wait "$server" 2>/dev/null
  server=
}

serve() {
  random_model || return
  local start=$SECONDS
  "$llama" "--Model:Path=$scratch/model" "--Model:Device=$device" --urls "http://127.0.0.1:$port" > "$results/server.log" 2>&1 &
  server=$!
  until is_ready; do
    if ! kill -0 "$server" 2>/dev/null || [ "$(left)" -lt 20 ] || [ $((SECONDS - start)) -gt 60 ]; then
      echo "== serve: the server did not come up"; tail -n 20 "$results/server.log"; failed+=(serve)
      break
    fi
    sleep 1
  done
  is_ready && part serve 60 "$llama" bench serve --url "http://127.0.0.1:$port" --concurrency 64 --requests 256 "${many_answers[@]}"
  stop_server
}

for name in "${parts[@]}"; do
  case $name in
    doctor) part doctor 20 "$llama" doctor "--Model:Device=$device" --urls "http://127.0.0.1:$port" ;;
    verify) part verify 90 "$llama" verify "--Model:Device=$device" ;;
    sanitizer) sanitizer ;;
    latency) bench latency 40 latency "${one_answer[@]}" --warm-up 1 --runs 5 ;;
    prefill) bench prefill 40 latency --prompt-tokens 2048 --new-tokens 16 --warm-up 1 --runs 3 ;;
    throughput) bench throughput 75 throughput --sequences "${sequences[-1]}" --concurrency "${sequences[@]}" "${many_answers[@]}" --warm-up 1 --runs 1 ;;
    serve) serve ;;
    int8 | int4) bench "$name" 60 latency "${one_answer[@]}" --warm-up 1 --runs 3 "--Model:Dtype=$name" ;;
    transformers) random_model && part transformers 200 python3 "$here/transformers_bench.py" --model "$scratch/model" "${one_answer[@]}" --throughput-prompt-tokens "${many_answers[1]}" --sequences "${sequences[@]}" ;;
  esac
done

echo
echo "== results, in $results, after $SECONDS s${failed[*]:+; failed: ${failed[*]}}"
if command -v python3 > /dev/null; then python3 "$here/table.py" "$results" | tee "$results/table"; else grep -h '^{' "$results"/*.txt; fi
[ ${#failed[@]} -eq 0 ]
