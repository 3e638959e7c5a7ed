-- Puts what a request had in truth in the place of what it was taken to cost.
-- KEYS: requests, tokens, running. ARGV: the slot it came in, 0 or -1 request, tokens more or (below 0) fewer, its lease.
local slot, requests, tokens = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if requests < 0 and redis.call('HEXISTS', KEYS[1], slot) == 1 then add(KEYS[1], slot, requests) end
if tokens < 0 and redis.call('HEXISTS', KEYS[2], slot) == 1 then add(KEYS[2], slot, tokens) end
if tokens > 0 then add(KEYS[2], this_slot, tokens) end
redis.call('ZREM', KEYS[3], ARGV[4])
