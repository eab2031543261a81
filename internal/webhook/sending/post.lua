-- Puts a message about a subject into the queue of each destination, if the caller still leads, and if there was none lately.
--
-- KEYS[1] is the leader (STRING), KEYS[2] what was told of the subject (STRING), KEYS[3] the state (HASH). Behind them are a queue (ZSET)
-- and its messages (HASH) for each destination.
-- ARGV[1] names the caller. ARGV[2] is how many milliseconds there is no second message, ARGV[3] until when this one tells, in Unix
-- microseconds, and ARGV[4] for how many milliseconds that is noted. ARGV[5] is how many messages a queue holds, and ARGV[6] for how many
-- milliseconds. ARGV[7] is for how many the state is kept. ARGV[8] is the message's id and ARGV[9] the message. Behind them are the names of
-- the destinations.
--
-- Returns 'posted' and the names of destinations whose queues were full, or 'told', or 'lost' where another process leads.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
	return {'lost'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local told = redis.call('GET', KEYS[2])
local at = told and tonumber(string.match(told, '^%d+'))
if at and at <= now and now - at < tonumber(ARGV[2]) then
	return {'told'}
end
redis.call('SET', KEYS[2], string.format('%.0f %s', now, ARGV[3]), 'PX', ARGV[4])
local answer = {'posted'}
for i = 10, #ARGV do
	local queue, messages = KEYS[2 * i - 16], KEYS[2 * i - 15]
	if redis.call('ZCARD', queue) >= tonumber(ARGV[5]) then
		redis.call('HINCRBY', KEYS[3], ARGV[i] .. ':lost', 1)
		redis.call('HSET', KEYS[3], ARGV[i] .. ':at', string.format('%.0f', now))
		redis.call('PEXPIRE', KEYS[3], ARGV[7])
		answer[#answer + 1] = ARGV[i]
	else
		redis.call('ZADD', queue, string.format('%.0f', now), ARGV[8])
		redis.call('HSET', messages, ARGV[8], '0 - ' .. ARGV[9])
		redis.call('PEXPIRE', queue, ARGV[6])
		redis.call('PEXPIRE', messages, ARGV[6])
	end
end
return answer
