package store

import (
	"cmp"
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// logScript writes the entries of one user on a Cluster. It does what a transaction does on one Redis, for less. It answers with
// the number of entries, or with the error because of which none has been written. If the access list lacks a command, the script
// takes back what it has pushed, so that no list is left without an expiry.
//
// On the channel of a slot, lines are published only if a feed is subscribed there: to pass a line on to the replicas costs more
// than to ask. Redis carries out scripts and subscriptions one after the other. So a feed that is subscribed before it reads the list
// misses nothing.
//
// KEYS: log, kept list, kept failures. ARGV: how many lines the lists may have, milliseconds that they live, the command to publish with or "",
// the channel, which lines count ("1101") or "" where all do, and the lines, oldest first.
const logScript = `
local call, pcall, log, kept = redis.call, redis.pcall, KEYS[1], KEYS[2]
local most, life, publish, channel, flags = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local n = #ARGV - 5
if publish == 'spublish' and pcall('PUBSUB', 'SHARDNUMSUB', channel)[2] == 0 then -- which an error is not
  publish = ''
end
if flags ~= '' and pcall('EXISTS', kept) == 0 then pcall('COPY', log, kept) end
local length = pcall('LPUSH', log, unpack(ARGV, 6))
if type(length) == 'table' then return length end
local done = pcall('PEXPIRE', log, life)
for i = 6, #ARGV do
  if type(done) == 'table' or publish == '' then break end
  done = pcall(publish, channel, ARGV[i])
end
if type(done) == 'table' then
  call('LTRIM', log, n, -1)
  return done
end
if length > most then call('LTRIM', log, 0, most - 1) end
if length == n then pcall('DEL', kept, KEYS[3]) end -- of a log that somebody has deleted
local keeps = 0
if flags == '' then
  keeps = pcall('LPUSHX', kept, unpack(ARGV, 6))
else
  for i = 1, n do
    if string.byte(flags, i) == 49 then pcall('LPUSH', kept, ARGV[5 + i]) end
  end
  keeps = 1
end
if keeps ~= 0 then
  pcall('LTRIM', kept, 0, most - 1)
  pcall('PEXPIRE', kept, life)
end
return n
`

// isScriptMissing reports whether the script has to be loaded: the server has never had it, or has lost all scripts, as after a restart.
func isScriptMissing(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }

// queueScript queues the script for the entries of one user.
func (w *shardWriter) queueScript(ctx context.Context, pipe redis.Pipeliner, p *push) {
	l := &p.user.lists
	channel := l.slotChannel
	publish, sharded := w.cluster.publishCommand()
	if !sharded {
		channel = l.channel
	}
	args := make([]any, 0, 11+len(p.lines))
	args = append(args, "evalsha", w.cluster.script.Hash(), 3, l.log, l.kept, l.failures,
		w.cluster.options.MaxEntries, w.cluster.options.Retention.Milliseconds(), publish, channel, p.flags())
	p.log = command(ctx, pipe, append(args, p.lines...)...)
}

// flags says of each line whether it counts, as a 1 or a 0, or "" if all do.
func (p *push) flags() string {
	if !p.mixed {
		return ""
	}
	flags, counting := make([]byte, len(p.lines)), p.counting()
	for i, line := range p.lines {
		flags[i] = '0'
		if len(counting) > 0 && counting[0] == line {
			flags[i], counting = '1', counting[1:]
		}
	}
	return string(flags)
}

// judgeScript finds out what became of the entries of one user, where the pipeline ended with err.
func (w *shardWriter) judgeScript(p *push, err error) verdict {
	reply := p.log.Err()
	switch {
	case reply == nil && p.log.Val() > 0:
		return isWritten
	case redisreply.IsWrongType(reply):
		return isRefused
	case redisreply.Is(reply), reply == nil && redisreply.Is(err): // Redis refused the script, or already the connection
		return isBack
	case w.tracker.mayHaveArrived(cmp.Or(reply, err)):
		return isInDoubt
	}
	return isBack
}
