-- Adds a note to a user's sheet.
--
-- KEYS[1] is the sheet (HASH).
-- ARGV[1] is the number of the note, ARGV[2] the note, ARGV[3] how many notes are kept, ARGV[4] after how many milliseconds
-- the sheet expires.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local notes = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
	if string.sub(field, 1, 5) == 'note:' then
		notes[#notes + 1] = field
	end
end
-- Times have 13 digits until the year 2286, so that their order is that of the names.
table.sort(notes)
-- A note is newer than the one before, also within the same millisecond.
local newest = string.match(notes[#notes] or '', '^note:(%d+):')
newest = tonumber(newest or '0')
if newest >= now and newest < now + 1000 then
	now = newest + 1
end
notes[#notes + 1] = 'note:' .. string.format('%.0f', now) .. ':' .. ARGV[1]
redis.call('HSET', KEYS[1], notes[#notes], ARGV[2])
for i = 1, #notes - tonumber(ARGV[3]) do
	redis.call('HDEL', KEYS[1], notes[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
