-- Notes what came of an attempt, if the message is still the caller's.
--
-- KEYS[1] is the queue (ZSET), KEYS[2] its messages (HASH), KEYS[3] the state (HASH).
-- ARGV[1] is the message's id and ARGV[2] names the attempt. ARGV[3] is 'sent', 'failed' (to be tried again), 'lost' (given up), or 'released'
-- (it was not really tried). ARGV[4] is after how many milliseconds the next attempt is due. ARGV[5] is the name of the destination, ARGV[6] the
-- status of the answer, and ARGV[7] for how many milliseconds the state is kept.
--
-- Returns 1, or 0 where the message was another's already.
local attempts, by, message = string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^(%d+) (%S+) (.*)$')
if by ~= ARGV[2] then
	return 0
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local what, name = ARGV[3], ARGV[5] .. ':'
if what == 'sent' or what == 'lost' then
	redis.call('ZREM', KEYS[1], ARGV[1])
	redis.call('HDEL', KEYS[2], ARGV[1])
else
	if what == 'released' then
		attempts = attempts - 1
	end
	redis.call('HSET', KEYS[2], ARGV[1], string.format('%d - %s', attempts, message))
	redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[4]), ARGV[1])
end
if what == 'sent' then
	redis.call('HDEL', KEYS[3], name .. 'failed', name .. 'lost', name .. 'at', name .. 'status')
	redis.call('HSET', KEYS[3], name .. 'sent', now)
elseif what ~= 'released' then
	redis.call('HINCRBY', KEYS[3], name .. 'failed', 1)
	redis.call('HSET', KEYS[3], name .. 'at', now, name .. 'status', ARGV[6])
	if what == 'lost' then
		redis.call('HINCRBY', KEYS[3], name .. 'lost', 1)
	end
end
redis.call('PEXPIRE', KEYS[3], ARGV[7])
return 1
