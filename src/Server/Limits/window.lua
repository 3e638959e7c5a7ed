-- What was counted in the last minute, in slots of 100 ms: a hash of counts by slot, beside them their sum (s) and the oldest and latest slot (o, l).
-- The same as SlidingWindow, by this server's clock.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local this_slot = math.floor(now / 100)

-- Where this server's clock was set back, what counts in slots that are to come counts from now on: longer than it should, by less than a minute, and never less.
local function set_back(key, sum)
  redis.call('DEL', key)
  redis.call('HSET', key, this_slot, sum, 's', sum, 'o', this_slot, 'l', this_slot)
  redis.call('PEXPIRE', key, 61000)
  return sum, this_slot, this_slot
end

local function forget(key)
  local head = redis.call('HMGET', key, 's', 'o', 'l')
  local sum, oldest, latest = tonumber(head[1] or 0), tonumber(head[2] or this_slot), tonumber(head[3] or this_slot)
  if latest > this_slot then return set_back(key, sum) end
  if latest < this_slot - 600 then
    redis.call('DEL', key)
    return 0, this_slot, this_slot
  end
  if oldest >= this_slot - 600 then return sum, oldest, latest end
  while oldest < this_slot - 600 do
    local count = redis.call('HGET', key, oldest)
    if count then
      sum = sum - count
      redis.call('HDEL', key, oldest)
    end
    oldest = oldest + 1
  end
  redis.call('HSET', key, 's', sum, 'o', oldest)
  return sum, oldest, latest
end

local function add(key, slot, count)
  local _, oldest, latest = forget(key)
  redis.call('HINCRBY', key, slot, count)
  redis.call('HINCRBY', key, 's', count)
  redis.call('HSET', key, 'o', math.min(oldest, slot), 'l', math.max(latest, slot))
  redis.call('PEXPIRE', key, 61000)
end

-- Milliseconds until no more than so much counts.
local function wait(key, room)
  local sum, slot, latest = forget(key)
  if sum <= room then return 0 end
  while sum > room and slot <= latest do
    sum = sum - (redis.call('HGET', key, slot) or 0)
    slot = slot + 1
  end
  return (slot + 600) * 100 - now
end

local function reset(key)
  local sum, _, latest = forget(key)
  return sum == 0 and 0 or (latest + 601) * 100 - now
end
