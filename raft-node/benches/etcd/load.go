// Load on etcd: clients that put or get, one request at a time each. Prints a line of JSON.
//
// Built without modules against the packages of the distribution:
//
//	apt-get install golang-go golang-etcd-server-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o load load.go
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "load ENDPOINTS put|get CLIENTS SECONDS")
		os.Exit(2)
	}
	endpoints := strings.Split(os.Args[1], ",")
	puts := os.Args[2] == "put"
	clients, err := strconv.Atoi(os.Args[3])
	check(err)
	seconds, err := strconv.ParseFloat(os.Args[4], 64)
	check(err)
	// Connections are shared by some clients each, as etcd's own benchmark does.
	var shared []*clientv3.Client
	for len(shared) < 1+clients/16 {
		client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
		check(err)
		shared = append(shared, client)
	}
	value := strings.Repeat("v", 256)
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	var lock sync.Mutex
	var all []float64
	var failed int
	var group sync.WaitGroup
	for nth := 0; nth < clients; nth++ {
		group.Add(1)
		go func(nth int, client *clientv3.Client) {
			defer group.Done()
			var own []float64
			var bad int
			for count := nth; time.Now().Before(end); count += clients {
				key := fmt.Sprintf("k%07d", count%100000)
				begun := time.Now()
				var err error
				if puts {
					_, err = client.Put(context.Background(), key, value)
				} else {
					_, err = client.Get(context.Background(), key)
				}
				if err != nil {
					bad++
				}
				own = append(own, time.Since(begun).Seconds())
			}
			lock.Lock()
			all = append(all, own...)
			failed += bad
			lock.Unlock()
		}(nth, shared[nth%len(shared)])
	}
	group.Wait()
	sort.Float64s(all)
	at := func(part float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return all[int(part*float64(len(all)-1))] * 1000
	}
	out := map[string]interface{}{"count": len(all), "failed": failed, "p50": at(0.5), "p99": at(0.99)}
	check(json.NewEncoder(os.Stdout).Encode(out))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
