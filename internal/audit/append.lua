-- Appends one record if the log still ends where the caller thinks.
--
-- KEYS[1] is the head (STRING), KEYS[2] the stream.
-- ARGV[1] and ARGV[2] are the head and the id of the newest entry that the caller expects, "" where
-- there is none. ARGV[3] and ARGV[4] are the new ones. ARGV[5] is how many entries to keep, ARGV[6] the
-- record and ARGV[7] its hash.
--
-- Returns nothing when it has written, or else the head and the newest id that are there.
local head = redis.call('GET', KEYS[1]) or ''
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local top = newest[1] and newest[1][1] or ''
if head ~= ARGV[1] or top ~= ARGV[2] then
	return {head, top}
end
redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[5], ARGV[4], 'line', ARGV[6], 'hash', ARGV[7])
redis.call('SET', KEYS[1], ARGV[3])
return {}
