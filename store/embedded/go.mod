module github.com/gin-userlog/userlog/store/embedded

go 1.25

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/gin-userlog/userlog/internal/redistest v0.2.0
	github.com/gin-userlog/userlog/store v0.2.0
	github.com/redis/go-redis/v9 v9.17.3
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	github.com/yuin/gopher-lua v1.1.1 // indirect
	golang.org/x/text v0.15.0 // indirect
)

replace (
	github.com/gin-userlog/userlog/internal/redistest => ../../internal/redistest
	github.com/gin-userlog/userlog/store => ../
)
