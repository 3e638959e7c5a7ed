-- Counts what a replica let in while it could not ask here. KEYS: requests, tokens. ARGV: age in slots, requests and tokens, again and again.
for i = 1, #ARGV, 3 do
  local slot, requests, tokens = this_slot - tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  if requests > 0 then add(KEYS[1], slot, requests) end
  if tokens > 0 then add(KEYS[2], slot, tokens) end
end
