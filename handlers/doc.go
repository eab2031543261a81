// Package handlers is the admin of userlog: the pages on which superusers and viewers read and watch
// logs. A Gin application mounts it, or "userlog serve" runs it by itself.
//
// An application mounts the admin at a path, and closes it before the store:
//
//	admin, err := handlers.New(logs, handlers.Options{Identify: identify})
//	if err != nil {
//		return err
//	}
//	admin.Mount(r.Group("/userlog"))
//	defer admin.Close(ctx) // tells live pages to connect again; give ctx a deadline
//
// Here logs is what store.Open returned, and identify says who wants to look, and as what:
//
//	func identify(c *gin.Context) (name string, role auth.Role) {
//		if name := c.GetString(gin.AuthUserKey); name == "root" {
//			return name, auth.Superuser
//		}
//		return "", "" // nobody
//	}
//
// Without Identify the admin has accounts and a login of its own.
//
// Each page has a file. A handler reads the request, asks the store, and fills in a struct of package
// views. Nothing here knows HTML or Redis.
package handlers
