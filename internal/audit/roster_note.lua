-- Notes that viewings are under way.
--
-- KEYS[1] is the viewings (HASH), KEYS[2] their last signs of life (ZSET).
-- ARGV has three values for each viewing: its id, how many milliseconds ago its last sign of life was, and what to note of it.
--
-- The first process that notes a viewing says when it began. Returns for each viewing what is noted of it now.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local noted = {}
for i = 1, #ARGV, 3 do
	local id = ARGV[i]
	local seen = now - tonumber(ARGV[i + 1])
	redis.call('HSETNX', KEYS[1], id, string.format('%.0f', seen) .. ' ' .. ARGV[i + 2])
	local before = redis.call('ZSCORE', KEYS[2], id)
	if not before or tonumber(before) < seen or tonumber(before) > now then
		redis.call('ZADD', KEYS[2], string.format('%.0f', seen), id)
	end
	noted[#noted + 1] = redis.call('HGET', KEYS[1], id)
end
return noted
