-- Sets a stream aside to which nothing can be added, and begins another one with a record.
--
-- KEYS[1] is the head (STRING), KEYS[2] the stream, and the others are where streams are set aside: the first that is free is
-- taken, or else the last one.
-- ARGV[1] is the head that the caller expects, ARGV[2] the new one. ARGV[3] is the id of the record, ARGV[4] the record and
-- ARGV[5] its hash.
--
-- Returns 1, or 0 where somebody was faster.
local kind = redis.call('TYPE', KEYS[1])['ok']
local head = kind == 'none' and '' or kind == 'string' and redis.call('GET', KEYS[1]) or '?'
if head ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then
	return 0
end
local aside = KEYS[#KEYS]
for i = #KEYS, 3, -1 do
	if redis.call('EXISTS', KEYS[i]) == 0 then
		aside = KEYS[i]
	end
end
redis.call('RENAME', KEYS[2], aside)
redis.call('XADD', KEYS[2], ARGV[3], 'line', ARGV[4], 'hash', ARGV[5])
redis.call('SET', KEYS[1], ARGV[2])
return 1
