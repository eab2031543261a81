-- Says whether a viewing is under way, in whichever process.
--
-- KEYS[1] is the viewings (HASH), KEYS[2] their last signs of life (ZSET).
-- ARGV[1] is the id of the viewing, ARGV[2] after how many milliseconds without a sign of life it is over.
--
-- Returns nothing where there is no such viewing. Otherwise it returns 'going' or 'over', what is noted of the viewing,
-- and its last sign of life. A viewing that is over is noted no longer: its end is the caller's to record.
local seen = redis.call('ZSCORE', KEYS[2], ARGV[1])
local noted = redis.call('HGET', KEYS[1], ARGV[1])
if not seen or not noted then
	return {}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A sign of life from the future is another master's, whose clock was wrong.
if math.abs(now - tonumber(seen)) < tonumber(ARGV[2]) then
	return {'going', noted, string.format('%.0f', tonumber(seen))}
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
return {'over', noted, string.format('%.0f', tonumber(seen))}
