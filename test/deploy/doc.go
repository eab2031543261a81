// Package deploy tests what deploy/ has for containers: the file for Compose, and the manifests for Kubernetes. They are read by the
// libraries of their programs, and the program is run as they say. It is a module of its own, outside of the workspace, so that
// what these libraries need changes no version there.
package deploy
