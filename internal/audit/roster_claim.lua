-- Takes viewings that are over off the roster. Each is returned to one process only, which records its end.
--
-- KEYS[1] is the viewings (HASH), KEYS[2] their last signs of life (ZSET).
-- ARGV[1] is after how many milliseconds without a sign of life a viewing is claimed, ARGV[2] how many are claimed at most.
--
-- Returns what is noted of each, and its last sign of life, in turns.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - tonumber(ARGV[1])), 'WITHSCORES', 'LIMIT', 0, ARGV[2])
-- Signs of life from the future are another master's, whose clock was wrong. They count from now on.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', now), '+inf', 'LIMIT', 0, ARGV[2])) do
	redis.call('ZADD', KEYS[2], string.format('%.0f', now), id)
end
local claimed = {}
for i = 1, #over, 2 do
	local noted = redis.call('HGET', KEYS[1], over[i])
	redis.call('ZREM', KEYS[2], over[i])
	redis.call('HDEL', KEYS[1], over[i])
	if noted then
		claimed[#claimed + 1] = noted
		claimed[#claimed + 1] = string.format('%.0f', tonumber(over[i + 1]))
	end
end
return claimed
