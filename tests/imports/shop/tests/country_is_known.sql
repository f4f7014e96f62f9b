select '{{ var("country") }}' as country where '{{ var("country") }}' = ''
