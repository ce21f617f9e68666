// Package moves tries what is odd about a cluster in whole moves between real servers: blocks, data streams, types that come
// late, documents that a rule spreads over indices. It holds tests only, one file each; program_test.go runs the program.
// What the verbs themselves promise is tried beside them, in cmd/hikkoshi.
package moves
