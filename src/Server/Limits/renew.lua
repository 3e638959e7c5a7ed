-- Lets the leases of running requests hold on. KEYS: running. ARGV: how long (ms), then the leases.
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
