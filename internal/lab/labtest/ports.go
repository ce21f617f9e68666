package labtest

import (
	"slices"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

// FreePorts gives different loopback ports that nobody listens on now, and that no kernel gives to anybody else.
func FreePorts(t testing.TB, count int) []int {
	t.Helper()
	var ports []int
	for len(ports) < count {
		port, err := tool.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}
