-- Says which viewings are going on.
--
-- KEYS[1] is the viewings (HASH), KEYS[2] their last signs of life (ZSET).
-- ARGV[1] is how many milliseconds ago the last sign of life was at most, ARGV[2] how many viewings are returned at most.
--
-- Returns what is noted of each. The last seen are first.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = string.format('%.0f', now - tonumber(ARGV[1]))
local looking = {}
for _, id in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[2], '+inf', since, 'LIMIT', 0, ARGV[2])) do
	local noted = redis.call('HGET', KEYS[1], id)
	if noted then
		looking[#looking + 1] = noted
	end
end
return looking
