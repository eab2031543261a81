-- Lets another process lead at once, if the caller leads.
--
-- KEYS[1] is the leader (STRING). ARGV[1] names the caller.
if redis.call('GET', KEYS[1]) == ARGV[1] then
	redis.call('DEL', KEYS[1])
end
return 1
