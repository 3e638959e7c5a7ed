-- Lets one request in and counts it, or says how long it must wait.
-- KEYS: requests, tokens, running. ARGV: their limits (0 for none), the request's tokens, its lease and how long that holds (ms).
local requests, tokens, running = KEYS[1], KEYS[2], KEYS[3]
local most_requests, most_tokens, most_running = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local cost, lease, lease_time = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])

redis.call('ZREMRANGEBYSCORE', running, '-inf', now) -- those of replicas that are no more
for _, other in ipairs(redis.call('ZRANGEBYSCORE', running, '(' .. now + lease_time, '+inf')) do -- the clock was set back
  redis.call('ZADD', running, now + lease_time, other)
end
local reading = {
  (forget(requests)), most_requests > 0 and wait(requests, most_requests - 1) or 0, reset(requests),
  (forget(tokens)), most_tokens > 0 and wait(tokens, most_tokens - cost) or 0, reset(tokens),
  redis.call('ZCARD', running), this_slot,
}
local is_in = reading[2] == 0 and reading[5] == 0 and (most_running == 0 or reading[7] < most_running)
if is_in then
  if most_requests > 0 then add(requests, this_slot, 1) end
  if most_tokens > 0 then add(tokens, this_slot, cost) end
  if most_running > 0 then
    redis.call('ZADD', running, now + lease_time, lease)
    redis.call('PEXPIRE', running, lease_time)
  end
end
return reading
