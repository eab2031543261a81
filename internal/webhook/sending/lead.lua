-- Makes the caller the leader, or lets it stay so.
--
-- KEYS[1] is the leader (STRING). ARGV[1] names the caller, and ARGV[2] is after how many milliseconds another one may lead.
--
-- Returns 1 if the caller leads, and 0 otherwise.
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
