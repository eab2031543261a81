-- Says who takes care of a user, unless somebody else has said so meanwhile.
--
-- KEYS[1] is the user's sheet (HASH).
-- ARGV[1] is the version that the page knew, ARGV[2] the new one, ARGV[3] the handling, ARGV[4] after how many milliseconds
-- the sheet expires.
--
-- Returns 1, or 0 where the version is another one.
local before = redis.call('HGET', KEYS[1], 'handling')
local version = before and string.match(before, '^[^ ]*') or ''
if version ~= ARGV[1] then
	return 0
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'handling', ARGV[2] .. ' ' .. now .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
