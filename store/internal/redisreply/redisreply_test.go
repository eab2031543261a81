package redisreply_test

import (
	"errors"
	"testing"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// reply is an error that Redis has sent.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// Versions and forks of Redis say in different words that they do not have a command.
func TestWhatIsUnknown(t *testing.T) {
	for err, want := range map[error]struct{ command, inScript bool }{
		reply("ERR unknown command 'copy', with args beginning with: 'a' 'b' "):                           {command: true},
		reply("ERR unknown command `COPY`, with args beginning with: `a`, `b`, "):                         {command: true},
		reply("ERR Unknown Redis command called from script script: 0c5f, on @user_script:17."):           {inScript: true},
		reply("@user_script: 17: Unknown Redis command called from Lua script"):                           {inScript: true},
		reply("ERR Unknown command called from script script: 0c5f, on @user_script:17."):                 {inScript: true},
		reply("ERR This Redis command is not allowed from script script: 0c5f, on @user_script:17."):      {},
		reply("NOPERM this user has no permissions to run the 'copy' command"):                            {},
		errors.New("unknown command called from a proxy, which is not Redis: unknown command 'spublish'"): {},
	} {
		if command, inScript := redisreply.IsUnknownCommand(err), redisreply.IsUnknownInScript(err); command != want.command || inScript != want.inScript {
			t.Errorf("%v: unknown %v, in a script %v", err, command, inScript)
		}
	}
}
