-- Takes the message whose attempt is due the longest. Until the caller settles it, nobody else gets it for a while.
--
-- KEYS[1] is the queue (ZSET), KEYS[2] its messages (HASH).
-- ARGV[1] names the attempt, ARGV[2] is for how many milliseconds the message is the caller's, and ARGV[3] the longest pause between attempts.
--
-- Returns the message's id, which attempt it is, the message, and the time in Unix milliseconds; nothing where none is due.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- What is due later than can be was written by another master's clock, which was wrong. It is due now.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now + 2 * ARGV[3]), '+inf')) do
	redis.call('ZADD', KEYS[1], string.format('%.0f', now), id)
end
while true do
	local id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, 1)[1]
	if not id then
		return {}
	end
	local attempts, message = string.match(redis.call('HGET', KEYS[2], id) or '', '^(%d+) %S+ (.*)$')
	if attempts then
		redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), id)
		redis.call('HSET', KEYS[2], id, string.format('%d %s %s', attempts + 1, ARGV[1], message))
		return {id, string.format('%d', attempts + 1), message, string.format('%.0f', now)}
	end
	redis.call('ZREM', KEYS[1], id) -- it is no message of ours
	redis.call('HDEL', KEYS[2], id)
end
